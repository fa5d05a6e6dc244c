import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable } from '../../src/index.js';
import { ScriptedClient } from '../append/scripted-client.js';
import { closed } from '../helpers/closed.js';
import { eventsOf } from '../helpers/events-of.js';
import { openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';

/** Several chunks, the last of them not full. */
const content = Buffer.from(Array.from({ length: 300_001 }, (_, index) => (index * 7) % 251));
const sizes = { chunkSize: 65_536, highWaterMark: 131_072 };

/** `content` in pieces that do not align with chunks. */
function* pieces(): Generator<Buffer> {
  for (let start = 0; start < content.byteLength; start += 9973) {
    yield content.subarray(start, start + 9973);
  }
}

/** Sources of `content`. */
const sources: Record<string, () => Promise<Readable | AsyncIterable<Buffer>>> = {
  'a file': async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'content'), content);
    return createReadStream(join(folder, 'content'));
  },
  'a socket': async () => {
    const server = createServer((socket) => socket.end(content));
    onTestFinished(() => {
      server.close();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return connect((server.address() as AddressInfo).port, '127.0.0.1');
  },
  'an async generator': async () =>
    (async function* () {
      for (const piece of pieces()) {
        await undefined;
        yield piece;
      }
    })(),
  'a Transform': async () =>
    Readable.from(pieces()).pipe(
      new Transform({ transform: (piece, _encoding, callback) => callback(null, piece) }),
    ),
  'a web ReadableStream': async () =>
    Readable.fromWeb(
      new ReadableStream({
        start(controller) {
          for (const piece of pieces()) controller.enqueue(piece);
          controller.close();
        },
      }),
    ),
};

describe('pipeline()', () => {
  test.each(Object.entries(sources))(
    'from %s resolves when the object holds every byte, through faults',
    async (_name, open) => {
      await using emulator = await startEmulator();
      emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
      emulator.faults.add({ kind: 'cut-request', operation: 'append', nth: 3 });
      const stream = openStream(emulator, 'a.log', sizes);
      const seen = eventsOf(stream, 'error', 'finish', 'close');

      await pipeline(await open(), stream);

      expect(content.equals(await emulator.read(bucket, 'a.log'))).toBe(true);
      expect(stream.bytesWritten).toBe(content.byteLength);
      await closed(stream);
      expect(seen).toEqual(['finish', 'close']);
    },
  );

  test('through compressing Transforms appends their output', async () => {
    await using emulator = await startEmulator();

    await pipeline(pieces, createGzip(), openStream(emulator, 'a.gz', { chunkSize: 100 }));
    await pipeline(pieces, createGzip(), createGunzip(), openStream(emulator, 'a.log', sizes));

    expect(content.equals(gunzipSync(await emulator.read(bucket, 'a.gz')))).toBe(true);
    expect(content.equals(await emulator.read(bucket, 'a.log'))).toBe(true);
  });

  test('from a source that fails midway commits a prefix and hands the rest back', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 4, highWaterMark: 8 });
    const seen = eventsOf(stream, 'error', 'finish', 'close');
    const failure = new Error('the source failed');
    async function* source() {
      yield 'aaaabbbbcc';
      await new Promise((resolve) => stream.once('commit', resolve));
      yield 'ccdd';
      throw failure;
    }

    await expect(pipeline(source, stream)).rejects.toBe(failure);
    await closed(stream);

    const { bytesWritten } = stream;
    const object = String(await emulator.read(bucket, 'a.log'));
    const rest = stream.takeUncommitted();
    expect(bytesWritten).toBeGreaterThanOrEqual(4);
    expect('aaaabbbbccccdd'.startsWith(object)).toBe(true);
    expect(object.slice(0, bytesWritten) + String(rest?.bytes)).toBe('aaaabbbbccccdd');
    expect(stream.errored).toBe(failure);
    expect(seen).toEqual(['error', 'close']);
  });

  test('into a failing stream rejects with its error and destroys the source', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 });
    const stream = openStream(emulator, 'a.log', sizes);
    const source = Readable.from(pieces());

    await expect(pipeline(source, stream)).rejects.toMatchObject({
      code: 'APPEND_ERR_SERVICE',
      bytesWritten: sizes.chunkSize,
    });

    expect(source.destroyed).toBe(true);
    const { bytes = Buffer.alloc(0), position = 0 } = stream.takeUncommitted() ?? {};
    expect(position).toBe(sizes.chunkSize);
    expect(bytes.byteLength).toBeGreaterThanOrEqual(sizes.chunkSize);
    expect(bytes.equals(content.subarray(position, position + bytes.byteLength))).toBe(true);
  });

  test('with an aborted signal rejects, and the stream hands the rest back', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'stall', operation: 'append', nth: 2 });
    const stream = openStream(emulator, 'a.log', sizes);
    const controller = new AbortController();
    const endless = new PassThrough();
    endless.write(content.subarray(0, 100_000));
    stream.once('commit', () => controller.abort());

    await expect(pipeline(endless, stream, { signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await closed(stream);

    const { bytes, position } = stream.takeUncommitted() ?? {};
    expect(position).toBe(sizes.chunkSize);
    expect(bytes?.equals(content.subarray(sizes.chunkSize, 100_000))).toBe(true);
  });
});

describe('finished()', () => {
  test('resolves when everything is committed', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 10 });
    const stream = openStream(emulator, 'a.log');

    stream.end('aaaa');
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
    await expect(finished(stream)).resolves.toBeUndefined();
  });

  test('rejects with the error of the stream, also when called later', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const stream = openStream(emulator, 'a.log');

    stream.end('aaaa');

    await expect(finished(stream)).rejects.toMatchObject({ code: 'APPEND_ERR_SERVICE' });
    await expect(finished(stream)).rejects.toMatchObject({ code: 'APPEND_ERR_SERVICE' });
  });
});

// Node regards an ended stream with an empty queue as finished.
describe('a plain destroy() while the last bytes are in flight', () => {
  test.each<{ name: string; end: (stream: AppendWritable) => Promise<unknown> }>([
    { name: 'pipeline()', end: (stream) => pipeline(['aaaa'], stream) },
    { name: 'finished()', end: (stream) => finished(stream.end('aaaa')) },
    { name: 'finished() with nothing written', end: (stream) => finished(stream.end()) },
    {
      name: '[Symbol.asyncDispose]()',
      end: (stream) => {
        stream.write('aaaa');
        return stream[Symbol.asyncDispose]();
      },
    },
    {
      name: 'close() of Writable.toWeb()',
      end: async (stream) => {
        const writer = Writable.toWeb(stream).getWriter();
        writer.closed.catch(() => {});
        await writer.write(Buffer.from('aaaa'));
        return writer.close();
      },
    },
  ])('counts as a failure for $name', async ({ end }) => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'stall', operation: 'append' });
    const stream = openStream(emulator, 'a.log');
    const ended = end(stream).then(
      () => 'success',
      () => 'failure',
    );
    await vi.waitUntil(() => stream.stats.attempts === 1, { timeout: 5000, interval: 1 });

    stream.destroy();

    expect(await ended).toBe('failure');
  });
});

describe('pipe()', () => {
  test('commits everything received before unpipe() and end(), as with stdin', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 4, highWaterMark: 8 });
    const input = new PassThrough();
    input.pipe(stream);
    input.write('aaaabbbb');
    input.write('cc');
    await new Promise((resolve) => stream.once('commit', resolve));

    input.unpipe(stream);
    input.write('later');
    stream.end();
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbbcc');
    expect(input.destroyed).toBe(false);
  });

  test('leaves the stream open when the source fails, so that end() commits the bytes received', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');
    const source = new PassThrough();
    source.on('error', () => {});
    source.pipe(stream);
    source.write('aaaa');
    await new Promise((resolve) => setImmediate(resolve));

    source.destroy(new Error('the source failed'));
    stream.end();
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });
});

describe('Writable.toWeb()', () => {
  test('resolves close() only when every byte is committed', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 20 });
    const stream = openStream(emulator, 'a.log', sizes);
    const writer = Writable.toWeb(stream).getWriter();

    for (const piece of pieces()) await writer.write(piece);
    await writer.close();

    expect(content.equals(await emulator.read(bucket, 'a.log'))).toBe(true);
  });

  test('accepts a web stream by pipeTo()', async () => {
    await using emulator = await startEmulator();
    const { body } = new Response(content);

    await body?.pipeTo(Writable.toWeb(openStream(emulator, 'a.log', sizes)));

    expect(content.equals(await emulator.read(bucket, 'a.log'))).toBe(true);
  });

  test('rejects close() when the stream fails', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const stream = openStream(emulator, 'a.log');
    const writer = Writable.toWeb(stream).getWriter();
    writer.closed.catch(() => {});

    await writer.write(Buffer.from('aaaa'));

    await expect(writer.close()).rejects.toMatchObject({ code: 'APPEND_ERR_SERVICE' });
    expect(String(stream.takeUncommitted()?.bytes)).toBe('aaaa');
  });
});

describe.each([{ autoDestroy: false }, { emitClose: false }])('with %o', (options) => {
  test.each<{ name: string; end: (stream: AppendWritable) => Promise<unknown> }>([
    { name: 'pipeline()', end: (stream) => pipeline(['aaaa'], stream) },
    { name: 'finished() after end()', end: (stream) => finished(stream.end('aaaa')) },
    {
      name: '[Symbol.asyncDispose]()',
      end: (stream) => {
        stream.write('aaaa');
        return stream[Symbol.asyncDispose]();
      },
    },
    {
      name: 'close() of Writable.toWeb()',
      end: async (stream) => {
        const writer = Writable.toWeb(stream).getWriter();
        await writer.write(Buffer.from('aaaa'));
        return writer.close();
      },
    },
  ])('$name resolves when the bytes are committed', async ({ end }) => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 20 });
    const stream = openStream(emulator, 'a.log', options);

    await end(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });
});

describe('a plain destroy() is a premature close, as for every Writable', () => {
  const ends: Record<string, (stream: AppendWritable) => unknown> = {
    'before end()': (stream) => stream.write('a'),
    'after end()': (stream) => stream.end('a'),
    'with nothing written': () => {},
  };

  test.each(Object.entries(ends))('to finished(), %s', async (_name, begin) => {
    const stream = new AppendWritable({ client: new ScriptedClient(), key: 'a.log' });
    begin(stream);
    const told = finished(stream);

    stream.destroy();

    await expect(told).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    await expect(finished(stream)).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(stream.errored).toBeNull();
  });

  test.each([['a'], []])('to pipeline(), with %o', async (...data) => {
    const stream = new AppendWritable({ client: new ScriptedClient(), key: 'a.log' });
    const told = pipeline(data, stream);

    stream.destroy();

    await expect(told).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });
});
