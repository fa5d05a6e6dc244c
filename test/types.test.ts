import { Readable, Writable } from 'node:stream';
import { expectTypeOf, test } from 'vitest';
import {
  AppendReadable,
  AppendWritable,
  type CommitEvent,
  type ReadRolloverEvent,
  type ReconcileEvent,
} from '../src/index.js';

// The compiler checks the types; vitest only runs the code.
test('listeners have typed arguments', () => {
  const use = (stream: AppendWritable) => {
    stream.on('commit', (event) => expectTypeOf(event).toEqualTypeOf<CommitEvent>());
    stream.once('ready', ({ key, position }) => {
      expectTypeOf(key).toEqualTypeOf<string>();
      expectTypeOf(position).toEqualTypeOf<number>();
    });
    stream.prependListener('reconcile', ({ outcome }) => {
      expectTypeOf(outcome).toEqualTypeOf<ReconcileEvent['outcome']>();
    });
    stream.on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
    stream.on('anything else', (text: string, count: number) => text.repeat(count));

    stream.write('text', (error) => expectTypeOf(error).toEqualTypeOf<Error | null | undefined>());
    stream.write(Buffer.of(), 'utf8', () => {});
    expectTypeOf(stream).toExtend<Writable>();
    expectTypeOf(stream.append('text')).resolves.toHaveProperty('start').toEqualTypeOf<number>();
  };
  expectTypeOf(use).parameter(0).toEqualTypeOf<AppendWritable>();
  expectTypeOf(AppendWritable.toWeb).toEqualTypeOf(Writable.toWeb);
});

test('listeners of a reader have typed arguments', () => {
  const use = (stream: AppendReadable) => {
    stream.on('rollover', (event) => expectTypeOf(event).toEqualTypeOf<ReadRolloverEvent>());
    stream.once('retry', ({ error }) => expectTypeOf(error).toEqualTypeOf<Error>());
    stream.on('anything else', (text: string, count: number) => text.repeat(count));
    expectTypeOf(stream).toExtend<Readable>();
    expectTypeOf(stream.position).toEqualTypeOf<number>();
  };
  expectTypeOf(use).parameter(0).toEqualTypeOf<AppendReadable>();
  expectTypeOf(AppendReadable.toWeb).toEqualTypeOf(Readable.toWeb);
});
