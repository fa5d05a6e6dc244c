// A log during an outage of OSS that lasts longer than the default retries of a stream.
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import winston from 'winston';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { resolveLogOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import openPinoTransport from '../../src/pino.js';
import { AppendTransport } from '../../src/winston.js';
import { environmentOf } from '../helpers/command-line.js';
import { connectionTo } from '../helpers/open-stream.js';
import { startProgram } from '../helpers/start-program.js';

/** Retries without delays, in the default number. */
const retry = { minTimeout: 1, maxTimeout: 1 };

function optionsFor(emulator: Emulator) {
  return {
    ...connectionTo(emulator),
    key: 'log',
    fallback: false as const,
    chunkSize: 1000,
    flushInterval: 0,
    retry,
  };
}

const faults = [
  { kind: 'error-503', operation: 'append' },
  { kind: 'error-503', operation: 'head' },
] as const;

/** Runs `act` with a fault that ends after thirty failed requests. */
async function outlast(emulator: Emulator, fault: (typeof faults)[number], act: () => void) {
  const remove = emulator.faults.add(fault);
  act();
  const refused = () => emulator.requests.filter(({ status }) => status === 503).length;
  await expect.poll(refused).toBeGreaterThan(30);
  remove();
}

describe.each(faults)('$operation requests that fail thirty times in a row', (fault) => {
  test('do not end a log with default retries', async () => {
    await using emulator = await startEmulator();
    const stream = new LogWritable(optionsFor(emulator));

    await outlast(emulator, fault, () => stream.write('one\n'));
    stream.end('two\n');
    await finished(stream);

    expect(String(await emulator.read('examplebucket', 'log'))).toBe('one\ntwo\n');
  });

  test("do not end winston's log with default retries", async () => {
    await using emulator = await startEmulator();
    const transport = new AppendTransport(optionsFor(emulator));
    const logger = winston.createLogger({ transports: [transport] });

    await outlast(emulator, fault, () => logger.info('one'));
    logger.end();
    await once(logger, 'finish');

    expect(String(await emulator.read('examplebucket', 'log'))).toMatch(/^\{.+"one".*\}\n$/);
  });

  test('end a log with a limited number of retries', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add(fault);
    const stream = new LogWritable({ ...optionsFor(emulator), retry: { ...retry, retries: 2 } });
    stream.write('one\n');

    const [error] = await once(stream, 'error');

    expect(error).toMatchObject({ code: 'APPEND_ERR_RETRIES_EXHAUSTED', attempts: 3 });
  });
});

test('the pino factory resolves while OSS refuses all requests, and the lines are committed later', async () => {
  await using emulator = await startEmulator();
  const remove = emulator.faults.add({ kind: 'error-503' });

  const stream = await openPinoTransport(optionsFor(emulator));
  stream.write('line\n');
  remove();
  stream.end();
  await finished(stream);

  expect(emulator.requests.length).toBeGreaterThan(30);
  expect(String(await emulator.read('examplebucket', 'log'))).toBe('line\n');
});

test('invalid retry options are refused as by AppendWritable', () => {
  const options = { region: 'cn-hangzhou', bucket: 'logs', key: 'k' };
  const retryOf = (value: unknown) =>
    resolveLogOptions({ ...options, retry: value as object }, 'test').stream.retry;

  const endless = { retries: Number.POSITIVE_INFINITY, unref: true };
  expect(retryOf(undefined)).toEqual(endless);
  expect(retryOf({ factor: 3 })).toEqual({ ...endless, factor: 3 });
  expect(retryOf({ retries: 0, unref: false })).toEqual({ retries: 0, unref: false });
  for (const wrong of [7, null, { retries: null }, { retries: -1 }]) {
    expect(() => new LogWritable({ ...options, retry: wrong as object })).toThrow(/'retry/);
  }
});

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Three logs of one process: two in a worker, one in the main thread. They start before the store.
 */
const program = `
  import { once } from 'node:events';
  import pino from 'pino';
  import openLog from 'oss-append-stream/pino';
  const retry = { minTimeout: 500, maxTimeout: 500 };
  const options = { bucket: 'examplebucket', flushInterval: 0, retry };
  const target = 'oss-append-stream/pino';
  const transport = pino.transport({
    targets: ['a.log', 'b.log'].map((key) => ({ target, options: { ...options, key } })),
  });
  const stream = await openLog({ ...options, key: 'c.log' });
  const loggers = [pino(transport), pino(stream)];
  for (const logger of loggers) logger.info('line');
  await once(stream, 'commit');
  stream.end();
`;

/** Starts a program from which the package and pino can be imported. */
async function start(program: string, emulator: Emulator) {
  const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/oss-append-stream'), 'dir');
  await symlink(join(root, 'node_modules/pino'), join(folder, 'node_modules/pino'), 'dir');
  const path = join(folder, 'program.mjs');
  await writeFile(path, program);
  return { folder, ...startProgram(path, { env: environmentOf(emulator), cwd: folder }) };
}

test('each log reports an outage of ten seconds and its end once on standard error', async () => {
  await using emulator = await startEmulator();
  const remove = emulator.faults.add({ kind: 'error-503' });
  const { process: child, result } = await start(program, emulator);
  let told = '';
  child.stderr?.on('data', (data) => {
    told += data;
  });
  const lines = () => told.split('\n').slice(0, -1).sort();
  await expect.poll(lines, { timeout: 50_000 }).toHaveLength(3);
  remove();
  const { exitCode } = await result;

  expect(exitCode).toBe(0);
  const keys = ['a.log', 'b.log', 'c.log'];
  const name = (key: string) => `oss://examplebucket/${key}`.replaceAll('.', '\\.');
  expect(lines()).toEqual([
    ...keys.map((key) =>
      expect.stringMatching(
        `^oss-append-stream: nothing could be committed to ${name(key)} for 10\\.\\d s, still retrying: .*503`,
      ),
    ),
    ...keys.map((key) =>
      expect.stringMatching(
        `^oss-append-stream: the outage of ${name(key)} is over after [\\d.]+ s$`,
      ),
    ),
  ]);
});

describe('a program with nothing else to do during an outage', () => {
  /** Opens a log while nothing listens at its endpoint, then runs `rest`. */
  const ending = (options: string, rest: string) => `
    import openLog from 'oss-append-stream/pino';
    const stream = await openLog({
      bucket: 'examplebucket', key: 'a.log', flushInterval: 0, fallback: 'fallback',
      retry: { minTimeout: 20, maxTimeout: 20 }, ${options}
    });
    stream.on('error', ({ code }) => console.log(code));
    ${rest}
  `;

  test('ends within shutdownTimeout, with the lines in the fallback file', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'error-503' });

    const { folder, result } = await start(
      ending(
        'shutdownTimeout: 300',
        `stream.write('line\\n');
        process.once('beforeExit', () => stream.write('at exit\\n'));`,
      ),
      emulator,
    );

    expect(await result).toMatchObject({ exitCode: 0, stdout: 'APPEND_ERR_SHUTDOWN_TIMEOUT\n' });
    const content = await readFile(join(folder, 'fallback'), 'utf8');
    expect(content).toMatch(/\nline\nat exit\n$/);
  });

  test('ends at once if its log has nothing to append', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'error-503', operation: 'head' });
    emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const { result } = await start(ending('', ''), emulator);

    expect(await result).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['an awaited flush()', "await stream.flush(); console.log('flushed');"],
    ['an awaited append()', "await stream.append('two\\n'); console.log('flushed');"],
    ['an unlimited shutdownTimeout', '', 'shutdownTimeout: Infinity'],
  ])('keeps running for %s', async (_, rest, options = 'shutdownTimeout: 0') => {
    await using emulator = await startEmulator();
    const remove = emulator.faults.add({ kind: 'error-503' });

    const { result } = await start(ending(options, `stream.write('line\\n'); ${rest}`), emulator);
    await expect.poll(() => emulator.requests.length, { timeout: 20_000 }).toBeGreaterThan(30);
    remove();

    expect(await result).toMatchObject({ exitCode: 0, stdout: rest && 'flushed\n', stderr: '' });
    expect(String(await emulator.read('examplebucket', 'a.log'))).toMatch(/^line\n/);
  });
});
