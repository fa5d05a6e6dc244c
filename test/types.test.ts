import { Writable } from 'node:stream';
import { expectTypeOf, test } from 'vitest';
import { AppendWritable, type CommitEvent, type ReconcileEvent } from '../src/index.js';

// Checked by the compiler; vitest only runs what is left of it.
test('listeners know what they are called with', () => {
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
