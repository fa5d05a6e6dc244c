import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Emulator, type Fault, startEmulator } from '../../src/emulator/index.js';
import {
  AppendReadable,
  type AppendReadableOptions,
  AppendWritable,
  OssClient,
} from '../../src/index.js';
import { appendAt, send } from '../emulator/signed-request.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { connectionTo } from '../helpers/open-stream.js';

afterEach(() => {
  useRealTimers();
});

const bucket = 'examplebucket';
const follow = { pollInterval: 2, maxPollInterval: 10 };

async function start(options: Parameters<typeof startEmulator>[0] = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Reads until the test is over. */
function read(emulator: Emulator, options: Partial<AppendReadableOptions> = {}) {
  const reader = new AppendReadable({
    ...connectionTo(emulator),
    key: 'a.log',
    follow,
    ...options,
  });
  onTestFinished(() => void reader.destroy());
  const state = { reader, text: '', keys: [] as string[] };
  reader.on('rollover', ({ to }) => state.keys.push(to.key));
  reader.on('data', (bytes) => {
    state.text += String(bytes);
  });
  return state;
}

const line = (index: number) => `line ${index} ${'x'.repeat(index % 50)}\n`;
const linesFrom = (count: number) => Array.from({ length: count }, (_, index) => line(index));

/** Writes lines in small pieces, so that the reader comes in between. */
async function write(stream: AppendWritable, lines: readonly string[]): Promise<void> {
  for (const [index, text] of lines.entries()) {
    stream.write(text);
    if (index % 7 === 0) await stream.flush();
  }
  stream.end();
  await finished(stream);
}

describe('a reader beside the writer', () => {
  test('reads exactly what is written, and ends when the writer seals the object', async () => {
    const emulator = await start();
    const lines = linesFrom(200);
    const reading = read(emulator);
    const ended = once(reading.reader, 'end');
    const options = { ...connectionTo(emulator), key: 'a.log', seal: true };
    await write(new AppendWritable(options), lines);
    await ended;

    expect(reading.text).toBe(lines.join(''));
  });

  test('reads all objects in order with rollover by size', async () => {
    const emulator = await start();
    const lines = linesFrom(400);
    const shared = {
      ...connectionTo(emulator),
      key: 'app-{seq}.log',
      rollover: { maxSize: 1000 },
    };
    const reading = read(emulator, { ...shared, lag: 0, start: 0 });
    await write(new AppendWritable({ ...shared, chunkSize: 500, highWaterMark: 5000 }), lines);
    await expect.poll(() => reading.text.length).toBe(lines.join('').length);

    expect(reading.text).toBe(lines.join(''));
    expect(reading.keys.length).toBeGreaterThan(10);
    expect(reading.keys).toEqual(
      reading.keys.map((_, index) => `app-${String(index + 1).padStart(6, '0')}.log`),
    );
  });

  test('reads all objects in order with rollover by day, also over days of silence', async () => {
    useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-28T23:00:00Z') });
    // It checks no signatures: requests are under way while the clock jumps.
    const emulator = await start({ credentials: null });
    const shared = {
      ...connectionTo(emulator),
      key: '{yyyy}-{MM}-{dd}.log',
      rollover: { interval: 'day', timeZone: 'Asia/Shanghai' },
    } as const;
    const writer = new AppendWritable({ ...shared, recordDelimiter: '\n' });
    const reading = read(emulator, { ...shared, lag: 0 });
    let written = '';
    for (const days of [0, 1, 1, 2, 9, 1]) {
      vi.setSystemTime(Date.now() + days * 86_400_000);
      const text = `${new Date().toISOString()}\n`;
      written += text;
      writer.write(text);
      await writer.flush();
    }
    writer.end();
    await finished(writer);
    await expect.poll(() => reading.text).toBe(written);

    expect(reading.keys).toEqual(
      ['11-30', '12-01', '12-03', '12-12', '12-13'].map((day) => `2026-${day}.log`),
    );
  });
});

describe('what befalls requests of a reader', () => {
  const faults: Fault[] = [
    { kind: 'drop-request' },
    { kind: 'drop-answer' },
    { kind: 'cut-answer' },
    { kind: 'error-500' },
    { kind: 'error-500-after' },
    { kind: 'error-502-after' },
    { kind: 'error-503' },
    { kind: 'delay', delay: 5 },
    { kind: 'stall' },
    { kind: 'hide-crc' },
    // The client mends it, but only once.
    { kind: 'skew', times: 1 },
  ];

  test.each(
    faults.flatMap((fault) =>
      (['head', 'get'] as const).map((operation) => ({ ...fault, operation })),
    ),
  )('$kind of a $operation changes nothing', async (fault) => {
    const emulator = await start();
    const client = new OssClient(connectionTo(emulator));
    onTestFinished(() => client.close());
    await client.appendObject('a.log', 0, Buffer.alloc(100_000, 'first '), { create: {} });
    emulator.faults.add({ nth: 1, times: 2, ...fault });
    const options = { ...connectionTo(emulator), key: 'a.log', follow, requestTimeout: 200 };
    const reading = new AppendReadable(options);
    const content = buffer(reading);
    await once(reading, 'data');
    await client.appendObject('a.log', 100_000, Buffer.alloc(100_000, 'second '));
    await client.sealAppendObject('a.log', 200_000);

    expect((await content).equals(await emulator.read(bucket, 'a.log'))).toBe(true);
    expect(emulator.requests.some((request) => request.fault !== undefined)).toBe(true);
  });

  test('a random sequence of faults changes nothing, with rollover', async () => {
    const emulator = await start({ seed: 7 });
    for (const kind of ['drop-answer', 'error-500', 'cut-answer', 'hide-crc'] as const) {
      emulator.faults.add({ kind, operation: 'get', probability: 0.1 });
      emulator.faults.add({ kind, operation: 'head', probability: 0.1 });
      if (kind !== 'hide-crc')
        emulator.faults.add({ kind, operation: 'append', probability: 0.05 });
    }
    const retry = { retries: 50, minTimeout: 0, maxTimeout: 0 };
    const shared = {
      ...connectionTo(emulator),
      retry,
      key: 'app.log',
      rollover: { maxSize: 2000 },
    };
    const lines = linesFrom(200);
    const reading = read(emulator, { ...shared, start: 0 });
    await write(new AppendWritable({ ...shared, chunkSize: 500, highWaterMark: 5000 }), lines);
    await expect.poll(() => reading.text.length).toBe(lines.join('').length);

    expect(reading.text).toBe(lines.join(''));
  });
});

describe('an object that is not the one that was read', () => {
  const first = 'the first bytes';

  test.each([
    { scenario: 'deleted', content: undefined },
    { scenario: 'replaced by a shorter one', content: 'short' },
    { scenario: 'rewritten with as many bytes', content: 'The first bytes' },
    { scenario: 'replaced by a longer one', content: 'The first bytes, and more' },
  ])('is noticed when it was $scenario, and none of it is passed on', async ({ content }) => {
    const emulator = await start();
    await appendAt(emulator, 'a.log', 0, first);
    const reading = read(emulator);
    const failed = once(reading.reader, 'error');
    await expect.poll(() => reading.text).toBe(first);
    if (content === undefined) await send(emulator, { method: 'DELETE', key: 'a.log' });
    else await put(emulator, content);

    const [error] = await failed;
    expect(error).toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      key: 'a.log',
      position: first.length,
      provedTo: first.length,
      actualLength: content?.length ?? 0,
    });
    expect(reading.text).toBe(first);
  });

  test('is noticed when a checksum is false', async () => {
    const emulator = await start();
    await appendAt(emulator, 'a.log', 0, first);
    emulator.faults.add({ kind: 'wrong-crc', operation: 'head', nth: 3 });
    const reading = read(emulator);

    const [error] = await once(reading.reader, 'error');
    expect(error).toMatchObject({ code: 'APPEND_ERR_DIVERGED', position: first.length });
  });
});

function put(emulator: Emulator, body: string) {
  const headers = { 'content-length': String(body.length) };
  return send(emulator, { method: 'PUT', key: 'a.log', body, headers });
}
