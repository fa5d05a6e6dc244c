import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../src/emulator/index.js';
import { AppendWritable } from '../src/index.js';
import openPinoTransport, { type PinoTransportOptions } from '../src/pino.js';
import { connectionTo } from './helpers/open-stream.js';

/** The module that a worker loads; built by `npm test`. */
const target = fileURLToPath(new URL('../dist/pino.js', import.meta.url));

function optionsFor(emulator: Emulator): PinoTransportOptions {
  return { ...connectionTo(emulator), key: 'app.log', fallback: false };
}

async function entries(emulator: Emulator, key = 'app.log'): Promise<Record<string, unknown>[]> {
  const lines = String(await emulator.read('examplebucket', key)).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line));
}

/** Ending blocks this thread and so the emulator: everything must be committed before. */
async function ended(transport: ReturnType<typeof pino.transport>): Promise<void> {
  const closed = once(transport, 'close');
  transport.end();
  await closed;
}

describe('in a worker', () => {
  test('flush() waits until the lines are committed, and keeps the transport open', async () => {
    await using emulator = await startEmulator();
    const options = { ...optionsFor(emulator), flushInterval: Number.POSITIVE_INFINITY };
    const transport = pino.transport({ target, options });
    const logger = pino(transport);
    logger.info('before');

    await promisify(logger.flush.bind(logger))();

    expect(await entries(emulator)).toHaveLength(1);
    logger.info('after');
    await promisify(logger.flush.bind(logger))();
    expect(await entries(emulator)).toHaveLength(2);
    await ended(transport);
  });

  test('the transport forwards events to the application, with the text of errors', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'error-503', operation: 'append', nth: 1 });
    const options = { ...optionsFor(emulator), events: true };
    const transport = pino.transport({ target, options });
    const commits: unknown[] = [];
    const retries: unknown[] = [];
    transport.on('commit', (commit) => commits.push(commit));
    transport.on('retry', (retry) => retries.push(retry));

    const logger = pino(transport);
    logger.info('line');
    await promisify(logger.flush.bind(logger))();
    await ended(transport);

    expect(commits).toEqual([
      expect.objectContaining({ key: 'app.log', position: 0, attempts: 2 }),
    ]);
    expect(retries).toEqual([
      expect.objectContaining({
        attemptNumber: 1,
        error: expect.objectContaining({
          name: expect.any(String),
          message: expect.stringMatching(/503/),
        }),
      }),
    ]);
  });

  test('whole lines go on to the next object by size, and the application hears of it', async () => {
    await using emulator = await startEmulator();
    const transport = pino.transport({
      target,
      options: {
        ...optionsFor(emulator),
        key: 'app.{seq}.log',
        recordDelimiter: '\n',
        chunkSize: 200,
        rollover: { maxSize: 200 },
        events: true,
      },
    });
    const rollovers: unknown[] = [];
    transport.on('rollover', (rollover) => rollovers.push(rollover));
    await once(transport, 'ready');

    const logger = pino({ base: null, timestamp: false }, transport);
    const text = 'x'.repeat(60);
    for (let index = 0; index < 6; index++) logger.info({ index }, text);
    await promisify(logger.flush.bind(logger))();
    await ended(transport);

    const keys = ['app.000000.log', 'app.000001.log', 'app.000002.log'];
    const objects = await Promise.all(keys.map((key) => entries(emulator, key)));
    expect(objects.map((lines) => lines.map(({ index }) => index))).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(rollovers).toMatchObject([
      { from: { key: keys[0] }, to: { key: keys[1] }, reason: 'size' },
      { from: { key: keys[1] }, to: { key: keys[2] }, reason: 'size' },
    ]);
  });

  test('the transport emits an error with the reason when the object cannot be opened', async () => {
    await using emulator = await startEmulator();
    const options = { ...optionsFor(emulator), bucket: 'no-such-bucket' };

    const transport = pino.transport({ target, options });
    const [error] = await once(transport, 'error');

    expect(error.message).toMatch(/NoSuchBucket/);
  });

  test('the transport emits an error when an option is wrong', async () => {
    const options = { bucket: 'examplebucket', key: 'k', region: 'cn-hangzhou', chunkSize: 0 };

    const transport = pino.transport({ target, options });
    const [error] = await once(transport, 'error');

    expect(error.message).toMatch(/'chunkSize' must be an integer from 1 to/);
  });
});

describe('in the application', () => {
  test("the factory's stream works as a destination", async () => {
    await using emulator = await startEmulator();
    const stream = await openPinoTransport(optionsFor(emulator));
    expect(stream).toBeInstanceOf(AppendWritable);
    expect(stream.position).toBe(0);

    const logger = pino(stream);
    logger.info('one');
    await promisify(logger.flush.bind(logger))();

    expect((await entries(emulator)).map(({ msg }) => msg)).toEqual(['one']);
    stream.destroy();
  });

  test('a plain AppendWritable works as a destination', async () => {
    await using emulator = await startEmulator();
    const stream = new AppendWritable({ ...connectionTo(emulator), key: 'app.log' });
    const logger = pino(stream);
    for (let index = 0; index < 100; index++) logger.info({ index }, 'line');

    await promisify(logger.flush.bind(logger))();

    expect(await entries(emulator)).toHaveLength(100);
    stream.destroy();
  });

  test('the factory ignores the options that pino adds', async () => {
    await using emulator = await startEmulator();
    const injected = { $context: { threadStreamVersion: '4' }, pinoWillSendConfig: true };

    const stream = await openPinoTransport({ ...optionsFor(emulator), ...injected });

    stream.destroy();
  });

  test('the factory resolves although the store does not answer', async () => {
    await using emulator = await startEmulator();
    const remove = emulator.faults.add({ kind: 'stall', operation: 'head' });

    const stream = await openPinoTransport({ ...optionsFor(emulator), requestTimeout: 5000 });

    expect(stream.position).toBeUndefined();
    stream.write('line\n');
    remove();
    stream.end();
    await once(stream, 'finish');
    expect(String(await emulator.read('examplebucket', 'app.log'))).toBe('line\n');
  });
});
