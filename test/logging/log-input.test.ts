// Which values a log accepts, and in which order they are appended.
import { finished } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import type { LogWritableOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import { connectionTo } from '../helpers/open-stream.js';

const line = `${'x'.repeat(99)}\n`;
const policies = ['drop-oldest', 'drop-newest', 'block'] as const;

function optionsFor(
  emulator: Emulator,
  options: Partial<LogWritableOptions> = {},
): LogWritableOptions {
  const retry = { retries: Number.POSITIVE_INFINITY, minTimeout: 5, maxTimeout: 5 };
  const connection = connectionTo(emulator);
  const small = { chunkSize: 1000, flushInterval: 0 };
  return { ...connection, ...small, key: 'log', fallback: false, retry, ...options };
}

function open(emulator: Emulator, options?: Partial<LogWritableOptions>): LogWritable {
  const stream = new LogWritable(optionsFor(emulator, options));
  onTestFinished(() => {
    stream.destroy();
  });
  return stream;
}

async function read(emulator: Emulator): Promise<string> {
  return String(await emulator.read('examplebucket', 'log'));
}

/** A view whose bytes are the letters of `text`. */
function viewOf(View: typeof DataView | typeof Uint16Array, text: string): ArrayBufferView {
  const bytes = Buffer.from(`..${text}`);
  const buffer = new Uint8Array(bytes).buffer;
  return View === DataView
    ? new DataView(buffer, 2, text.length)
    : new Uint16Array(buffer, 2, text.length / 2);
}

describe('an ArrayBuffer view other than a Uint8Array', () => {
  test.each([DataView, Uint16Array])(
    'a %o is appended after the lines queued before it',
    async (View) => {
      await using emulator = await startEmulator();
      const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
      const stream = open(emulator, { overflow: { maxLength: 20_000 } });
      for (let index = 0; index < 120; index++) stream.write(line);

      stream.write(viewOf(View, 'behind\n.'));
      stream.write('last\n');
      remove();
      stream.end(viewOf(View, 'the end\n'));
      await finished(stream);

      expect(await read(emulator)).toBe(`${line.repeat(120)}behind\n.last\nthe end\n`);
    },
  );

  test.each(['drop-oldest', 'drop-newest'] as const)(
    'stays within maxLength with %s',
    async (policy) => {
      await using emulator = await startEmulator();
      emulator.faults.add({ kind: 'error-503', operation: 'append' });
      const stream = open(emulator, { overflow: { maxLength: 4000, policy } });

      for (let index = 0; index < 200; index++) stream.write(viewOf(DataView, line));

      expect(stream.writableLength).toBeLessThanOrEqual(4000 + line.length);
      expect(stream.stats.linesDropped).toBeGreaterThanOrEqual(150);
    },
  );

  test('is dropped and counted after the end', async () => {
    await using emulator = await startEmulator();
    const stream = open(emulator);
    stream.end('line\n');

    const error = await new Promise((resolve) => {
      stream.write(viewOf(DataView, 'late\n'), resolve);
    });

    expect(error).toMatchObject({ code: 'APPEND_ERR_LINES_DROPPED' });
    expect(stream.stats).toMatchObject({ linesDropped: 1, bytesDropped: 5 });
  });
});

test.each(['', null] as const)(
  'the encoding %j means the default encoding, as in Node',
  async (none) => {
    await using emulator = await startEmulator();
    const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const stream = open(emulator, { overflow: { maxLength: 20_000 }, defaultEncoding: 'latin1' });
    for (let index = 0; index < 120; index++) stream.write(line);

    stream.write('behind ÿ\n', none as unknown as BufferEncoding);
    stream.write('last\n');
    remove();
    stream.end();
    await finished(stream);

    const behind = Buffer.from('behind ÿ\n', 'latin1');
    const object = await emulator.read('examplebucket', 'log');
    expect(object).toEqual(
      Buffer.concat([Buffer.from(line.repeat(120)), behind, Buffer.from('last\n')]),
    );
  },
);

describe.each(policies)('with %s', (policy) => {
  test.each([
    ['an object', {}, 'ERR_INVALID_ARG_TYPE'],
    ['an ArrayBuffer', new ArrayBuffer(4), 'ERR_INVALID_ARG_TYPE'],
    ['null', null, 'ERR_STREAM_NULL_VALUES'],
  ])("%s is refused with Node's error, and the stream goes on", async (_what, data, code) => {
    await using emulator = await startEmulator();
    const stream = open(emulator, { overflow: { policy } });
    stream.write('one\n');

    expect(() => stream.write(data)).toThrow(expect.objectContaining({ code }));
    stream.end('two\n');
    await finished(stream);

    expect(await read(emulator)).toBe('one\ntwo\n');
  });

  test('a subclass sees each write() once, and no write() for the chunk passed to end(), as in Node', async () => {
    await using emulator = await startEmulator();
    const seen: unknown[] = [];
    class Watched extends LogWritable {
      override write(...args: unknown[]): boolean {
        seen.push(args[0]);
        return Reflect.apply(super.write, this, args);
      }

      override end(...args: unknown[]): this {
        seen.push('end');
        return Reflect.apply(super.end, this, args);
      }
    }
    const stream = new Watched(optionsFor(emulator, { overflow: { policy } }));
    let told = 0;
    const tell = () => told++;

    stream.write('one\n', tell);
    stream.write('two\n', 'utf8', tell);
    stream.write('three\n');
    stream.end('four\n', tell);
    await finished(stream);

    expect(seen).toEqual(['one\n', 'two\n', 'three\n', 'end']);
    expect(told).toBe(3);
    expect(await read(emulator)).toBe('one\ntwo\nthree\nfour\n');
  });
});
