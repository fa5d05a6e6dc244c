// Lines that a logger writes after its stream has failed, for example about that failure, or in its end.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import type { LogWritableOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import { environmentOf } from '../helpers/command-line.js';
import { connectionTo } from '../helpers/open-stream.js';
import { runProgram } from '../helpers/run-program.js';

const policies = ['drop-oldest', 'drop-newest', 'block'] as const;
const line = `${'x'.repeat(99)}\n`;

/** Programs that write a hundred lines, and more once the stream fails, which it does at once. */
const programs: Record<string, (options: string, exit: string) => string> = {
  pino: (options, exit) => `
    import open from 'oss-append-stream/pino';
    const log = await open(${options});
    log.on('error', () => {
      for (let index = 0; index < 10; index++) log.write('late\\n', () => {});
      ${exit}
    });
    for (let index = 0; index < 100; index++) log.write(String(index).padEnd(99, '.') + '\\n');
  `,
  // The error says that the worker has ended; pino prints lines logged after that.
  "pino's worker": (options, exit) => `
    import pino from '${import.meta.resolve('pino')}';
    const transport = pino.transport({ target: 'oss-append-stream/pino', options: ${options} });
    const alive = setInterval(() => {}, 1000);
    transport.once('error', (error) => {
      clearInterval(alive);
      transport.on('error', () => {});
      const logger = pino(transport);
      for (let index = 0; index < 10; index++) logger.error(error, 'late');
      ${exit}
    });
    for (let index = 0; index < 100; index++) {
      transport.write(String(index).padEnd(99, '.') + '\\n');
    }
  `,
  winston: (options, exit) => `
    import { AppendTransport } from 'oss-append-stream/winston';
    const transport = new AppendTransport(${options});
    transport.on('error', () => {
      for (let index = 0; index < 10; index++) transport.write({ message: 'late' });
      ${exit}
    });
    for (let index = 0; index < 100; index++) {
      transport.write({ message: String(index).padEnd(99, '.') });
    }
  `,
};

const cases = Object.keys(programs).flatMap((logger) =>
  policies.flatMap((policy) => ['', 'process.exit(7);'].map((exit) => ({ logger, policy, exit }))),
);

describe('a failed log leaves one file with all uncommitted lines, in order', () => {
  test.concurrent.each(
    cases.filter(({ logger, policy }) => logger !== 'winston' || policy !== 'block'),
  )('$logger, $policy, $exit', async ({ logger, policy, exit }) => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
    try {
      const options = {
        bucket: 'examplebucket',
        key: 'log',
        fallback: join(folder, 'rest'),
        chunkSize: 1000,
        flushInterval: 0,
        overflow: { maxLength: 4000, policy, marker: '#{count}' },
      };

      const source = programs[logger]?.(JSON.stringify(options), exit) ?? '';
      const { code } = await runProgram(source, environmentOf(emulator)).then(
        () => ({ code: 0 }),
        (error: { code: number }) => error,
      );

      expect(code).toBe(exit === '' ? 0 : 7);
      expect(await readdir(folder)).toEqual(['rest']);
      const [header = '', ...lines] = (await readFile(options.fallback, 'utf8')).split('\n');
      expect(JSON.parse(header)).toMatchObject({ key: 'log', position: 0, doubtful: 0 });
      expect(lines.pop()).toBe('');
      const numbers = lines.map((text) =>
        text.startsWith('#') ? text : Number.parseInt(text, 10),
      );
      expect(numbers).toEqual(expectedNumbers(policy, numbers));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** Numbers of the kept lines, with one marker where the others are missing. */
function expectedNumbers(
  policy: (typeof policies)[number],
  found: readonly (number | string)[],
): (number | string)[] {
  const all = Array.from({ length: 100 }, (_, index) => index);
  if (policy === 'block') return all;
  const at = found.findIndex((entry) => typeof entry === 'string');
  const missing = 100 - (found.length - 1);
  expect(missing).toBeGreaterThan(50);
  const marker = `#${missing}`;
  if (policy === 'drop-newest') expect(at).toBe(found.length - 1);
  return [...all.slice(0, at), marker, ...all.slice(at + missing)];
}

describe.each(policies)('with %s', (policy) => {
  async function failedStream(endingWith: (stream: LogWritable) => void) {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const stream = new LogWritable({
      ...connectionTo(emulator),
      key: 'log',
      fallback: false,
      chunkSize: 1000,
      flushInterval: 0,
      overflow: { maxLength: 20_000, policy },
      retry: { minTimeout: 5, maxTimeout: 5, retries: Number.POSITIVE_INFINITY },
    });
    await new Promise((resolve) => stream.once('ready', resolve));
    for (let index = 0; index < 150; index++) stream.write(line);
    stream.on('error', () => {});
    endingWith(stream);
    return stream;
  }

  test('takeUncommitted() returns bytes only once; lines written later are counted and reported as dropped', async () => {
    const stream = await failedStream((it) => it.destroy(new Error('of a test')));
    const drops: unknown[] = [];
    stream.on('drop', (drop) => drops.push(drop));

    const error = await new Promise((resolve) => stream.write('late\n', resolve));
    expect(stream.takeUncommitted()?.bytes.toString()).toBe(line.repeat(150));
    stream.write('later\n');

    expect(error).toMatchObject({ code: 'APPEND_ERR_LINES_DROPPED' });
    expect(stream.takeUncommitted()).toBeUndefined();
    expect(stream.stats).toMatchObject({ linesDropped: 2, bytesDropped: 11 });
    await expect.poll(() => drops).toHaveLength(2);
  });

  test('append() after a failure does not change what takeUncommitted() returns', async () => {
    const stream = await failedStream((it) => it.destroy());

    await expect(stream.append('late\n')).rejects.toThrow('destroyed');

    expect(stream.takeUncommitted()?.bytes.toString()).toBe(line.repeat(150));
  });
});

describe.each(policies)('in the end of a log with %s', (policy) => {
  /** A log whose first append waits until `release()`, with two lines, and its end begun. */
  async function endingStream(given: Partial<LogWritableOptions> = {}) {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    const release = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const stream = new LogWritable({
      ...connectionTo(emulator),
      key: 'log',
      fallback: false,
      rollover: false,
      overflow: { policy },
      retry: { minTimeout: 5, maxTimeout: 5 },
      ...given,
    });
    const failures: unknown[] = [];
    stream.on('error', (error) => failures.push(error));
    stream.write('1\n');
    stream.write('2\n');
    const ended = new Promise((resolve) => stream.end(resolve));
    const closed = new Promise((resolve) => stream.once('close', resolve));
    const finish = async () => {
      release();
      await closed;
      expect(failures).toEqual([]);
      expect(await ended).toBeFalsy();
      return String(await emulator.read('examplebucket', 'log'));
    };
    return { stream, finish };
  }

  const conflicts = ['rebase', 'fail'] as const;

  test.each(conflicts)('append() is refused, and ends nothing, with %s', async (conflict) => {
    const { stream, finish } = await endingStream({ conflict });

    await expect(stream.append('late\n')).rejects.toMatchObject({
      code: 'APPEND_ERR_LINES_DROPPED',
    });
    await expect(stream.append('a\nb\n')).rejects.toThrow('dropped');

    expect(await finish()).toBe('1\n2\n');
    expect(stream.stats).toMatchObject({ linesDropped: 3, bytesDropped: 9 });
  });

  test.each(conflicts)('end() may be called again, with data, with %s', async (conflict) => {
    const { stream, finish } = await endingStream({ conflict });
    const drops: unknown[] = [];
    stream.on('drop', (drop) => drops.push(drop));

    const again = new Promise((resolve) => stream.end('bye\n', (error?: Error) => resolve(error)));
    const encoded = new Promise<void>((resolve) => stream.end('6279650a', 'hex', resolve));
    stream.end('bye\n').end();

    expect(await finish()).toBe('1\n2\n');
    expect(await again).toBeFalsy();
    await encoded;
    expect(stream.stats).toMatchObject({ linesDropped: 3, bytesDropped: 12 });
    expect(drops).toContainEqual({ count: 3, byteLength: 12 });
  });

  test('what is no data is thrown, and ends nothing', async () => {
    const { stream, finish } = await endingStream();

    expect(() => stream.write(5)).toThrow(TypeError);
    expect(() => stream.end(5)).toThrow(TypeError);
    expect(() => stream.end('late\n', 'nonsense' as BufferEncoding)).toThrow(TypeError);
    await expect(stream.append(5 as never)).rejects.toThrow(TypeError);

    expect(await finish()).toBe('1\n2\n');
    expect(stream.stats).toMatchObject({ linesDropped: 0 });
  });

  test('lines that come after it has closed are counted as well', async () => {
    const { stream, finish } = await endingStream();
    await finish();

    const error = await new Promise((resolve) => {
      stream.end('late\n', (failure?: Error) => resolve(failure));
    });
    await expect(stream.append('late\n')).rejects.toThrow();

    expect(error).toBeInstanceOf(Error);
    expect(stream.stats).toMatchObject({ linesDropped: 2, bytesDropped: 10 });
  });
});
