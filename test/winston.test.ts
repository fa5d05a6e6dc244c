import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import winston from 'winston';
import { type Emulator, startEmulator } from '../src/emulator/index.js';
import { isAppendError, ShutdownTimeoutError } from '../src/errors.js';
import { OssClient } from '../src/index.js';
import { AppendTransport, type AppendTransportOptions } from '../src/winston.js';
import { environmentOf } from './helpers/command-line.js';
import { connectionTo } from './helpers/open-stream.js';
import { runProgram } from './helpers/run-program.js';

function open(emulator: Emulator, options: Partial<AppendTransportOptions> = {}): AppendTransport {
  const connection = connectionTo(emulator);
  const transport = new AppendTransport({ ...connection, key: 'log', fallback: false, ...options });
  onTestFinished(() => {
    transport.destroy();
  });
  return transport;
}

async function read(emulator: Emulator): Promise<string> {
  return String(await emulator.read('examplebucket', 'log'));
}

async function entries(emulator: Emulator): Promise<Record<string, unknown>[]> {
  const lines = (await read(emulator)).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line));
}

describe('AppendTransport', () => {
  test('appends every line in order, and finishes when all are committed', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 30 });
    const transport = open(emulator);
    const logger = winston.createLogger({ transports: [transport] });
    for (let index = 0; index < 2000; index++) logger.info('line', { index });

    const finished = once(logger, 'finish');
    logger.end();
    await finished;

    const indexes = (await entries(emulator)).map(({ index }) => index);
    expect(indexes).toEqual(Array.from({ length: 2000 }, (_, index) => index));
  });

  test("goes on to the next object when somebody seals it, and emits 'rollover'", async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator, { rollover: true, flushInterval: 0 });
    const rollovers: unknown[] = [];
    transport.on('rollover', (event) => rollovers.push(event));
    const logger = winston.createLogger({ transports: [transport] });
    logger.info('before');
    const [{ byteLength }] = await once(transport, 'commit');
    await new OssClient(connectionTo(emulator)).sealAppendObject('log', byteLength);

    logger.info('after');
    logger.end();
    await once(logger, 'finish');

    expect(await entries(emulator)).toMatchObject([{ message: 'before' }]);
    expect(JSON.parse(String(await emulator.read('examplebucket', 'log.1')))).toMatchObject({
      message: 'after',
    });
    expect(rollovers).toEqual([
      { from: { key: 'log', position: byteLength }, to: { key: 'log.1' }, reason: 'sealed' },
    ]);
  });

  test('appends nothing for a line that a format of the logger filters out', async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator);
    const isPublic = winston.format((info) => (info.private ? false : info));
    const format = winston.format.combine(isPublic(), winston.format.json());
    const logger = winston.createLogger({ format, transports: [transport] });

    logger.info('first');
    logger.info('secret', { private: true });
    logger.info('last');
    logger.end();
    await once(logger, 'finish');

    expect((await entries(emulator)).map(({ message }) => message)).toEqual(['first', 'last']);
  });

  test("lets a listener of 'drop' log after the transport has given up", async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const transport = open(emulator, { flushInterval: 0 });
    const logger = winston.createLogger({ transports: [transport] });
    const failed = new Promise((resolve) => logger.once('error', resolve));
    let drops = 0;
    transport.on('drop', ({ count }) => {
      // Fail instead of never returning.
      if (++drops > 1000) throw new Error('The listener called itself endlessly');
      logger.warn(`${count} dropped`);
    });
    logger.info('line');
    await failed;

    logger.info('late');
    await new Promise(setImmediate);

    expect(drops).toBe(1);
  });

  test('causes no warning of a leak when many loggers share it', async () => {
    await using emulator = await startEmulator();
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    onTestFinished(() => {
      process.off('warning', note);
    });
    const transport = open(emulator);
    const loggers = Array.from({ length: 100 }, () =>
      winston.createLogger({ transports: [transport] }),
    );

    for (const logger of loggers) logger.info('line');
    transport.end();
    await once(transport, 'finish');

    expect(await entries(emulator)).toHaveLength(100);
    expect(warnings).toEqual([]);
  });

  test('never returns false from write(), however long nothing can be appended', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'stall', operation: 'append' });
    const transport = open(emulator, { chunkSize: 1000, overflow: { maxLength: 10_000 } });
    const info = { level: 'info', message: 'x'.repeat(100), [Symbol.for('level')]: 'info' };

    for (let index = 0; index < 1000; index++) expect(transport.write(info)).toBe(true);

    expect(transport.stream.writableLength).toBeLessThanOrEqual(10_200);
  });

  test('drops lines beyond the bound, and appends a line about it in the format of winston', async () => {
    await using emulator = await startEmulator();
    const remove = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const retry = { retries: Number.POSITIVE_INFINITY, minTimeout: 5, maxTimeout: 5 };
    const transport = open(emulator, { chunkSize: 1000, retry, overflow: { maxLength: 10_000 } });
    const logger = winston.createLogger({ transports: [transport] });
    let dropped = 0;
    transport.on('drop', ({ count }) => {
      dropped += count;
    });

    for (let index = 0; index < 1000; index++) logger.info('line', { index });
    await once(transport, 'retry');
    remove();
    logger.end();
    await once(transport, 'finish');

    const markers = (await entries(emulator)).filter(({ level }) => level === 'warn');
    const size = expect.stringMatching(
      new RegExp(`^dropped ${dropped} lines \\(\\d+(\\.\\d)? KiB\\)$`),
    );
    expect(markers).toEqual([{ level: 'warn', message: size }]);
    expect(await entries(emulator)).toHaveLength(1000 - dropped + 1);
  });

  test("emits 'logged' when a line has been committed", async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator);
    const logger = winston.createLogger({ transports: [transport] });
    const logged = once(transport, 'logged');
    logger.info('line');

    const [info] = await logged;

    expect(info).toMatchObject({ level: 'info', message: 'line' });
    expect(await entries(emulator)).toHaveLength(1);
  });

  test('calls back once for each line', async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator);
    let calls = 0;
    const info = { level: 'info', message: 'line', [Symbol.for('message')]: 'line' };

    transport.log(info, () => calls++);
    transport.cork();
    for (let index = 0; index < 5; index++) transport.write(info, () => calls++);
    transport.uncork();
    transport.end();
    await once(transport, 'finish');

    expect(calls).toBe(6);
    expect(await read(emulator)).toBe('line\n'.repeat(6));
  });

  test('obeys level, silent, handleExceptions and format, its own and those of the logger', async () => {
    await using emulator = await startEmulator();
    const format = winston.format.printf(({ level, message }) => `${level}!${message}`);
    const drop = winston.format((info) => (info.message === 'private' ? false : info))();
    const transport = open(emulator, {
      level: 'warn',
      format: winston.format.combine(drop, format),
      eol: '\r\n',
    });
    const logger = winston.createLogger({ level: 'silly', transports: [transport] });
    logger.info('too low');
    logger.warn('one');
    logger.warn('private');
    logger.log({ level: 'error', message: 'of an exception', exception: true });
    logger.error('two');
    transport.silent = true;
    logger.error('silent');
    logger.end();
    await once(transport, 'finish');

    expect(await read(emulator)).toBe('warn!one\r\nerror!two\r\n');
  });

  test("takes 'eol' for the end of a record, so that no entry of several lines is divided", async () => {
    await using emulator = await startEmulator();
    const format = winston.format.printf(({ message }) => String(message));
    const transport = open(emulator, {
      format,
      eol: '\r\n',
      chunkSize: 20,
      rollover: { maxSize: 20 },
    });
    const rollovers: unknown[] = [];
    transport.on('rollover', ({ to }) => rollovers.push(to.key));
    const logger = winston.createLogger({ transports: [transport] });

    await once(transport, 'ready');
    for (let n = 0; n < 4; n++) logger.info(`${n}\n at a\n at b`);
    logger.end();
    await once(transport, 'finish');

    expect(rollovers).toEqual(['log.1', 'log.2', 'log.3']);
    for (const [n, key] of ['log', ...rollovers].entries()) {
      const content = await emulator.read('examplebucket', String(key));
      expect(String(content)).toBe(`${n}\n at a\n at b\r\n`);
    }
  });

  test('leaves the option recordDelimiter what it is', async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator, { recordDelimiter: false, conflict: 'fail' });

    transport.log({ message: 'line' });
    transport.end();
    await once(transport, 'finish');

    expect(await read(emulator)).toBe('line\n');
    expect(() => open(emulator, { recordDelimiter: false, conflict: 'rebase' })).toThrow(
      "'conflict: rebase' needs 'recordDelimiter'",
    );
  });

  test("uses the logger's level if it has none", async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator);
    const logger = winston.createLogger({ level: 'error', transports: [transport] });
    logger.info('too low');
    logger.error('one');
    logger.end();
    await once(transport, 'finish');

    expect((await entries(emulator)).map(({ message }) => message)).toEqual(['one']);
  });

  test('throws the exception of a format to the caller, and appends the next line', async () => {
    await using emulator = await startEmulator();
    const format = winston.format((info) => {
      if (info.message === 'bad') throw new Error('cannot be formatted');
      return info;
    })();
    const transport = open(emulator, { format });
    const logger = winston.createLogger({ format: winston.format.json(), transports: [transport] });

    expect(() => logger.info('bad')).toThrow('cannot be formatted');
    logger.info('good');
    logger.end();
    await once(transport, 'finish');

    expect((await entries(emulator)).map(({ message }) => message)).toEqual(['good']);
  });

  test('loses no lines that are written together with one whose format throws', async () => {
    await using emulator = await startEmulator();
    const { stdout } = await runProgram(
      `
        import { once } from 'node:events';
        import { AppendTransport } from 'oss-append-stream/winston';
        const format = {
          transform(info) {
            if (info.message === 'bad') throw new Error('cannot be formatted');
            return info;
          },
        };
        const transport = new AppendTransport({ bucket: 'examplebucket', key: 'log', format });
        process.once('uncaughtException', ({ message }) => console.log(message));
        transport.cork();
        for (const message of ['one', 'bad', 'two']) transport.write({ message });
        transport.uncork();
        transport.end();
        await once(transport, 'finish');
      `,
      environmentOf(emulator),
    );

    expect(stdout).toBe('cannot be formatted\n');
    expect(await read(emulator)).toBe('one\ntwo\n');
  });

  test.each(['close', 'remove'] as const)('loses no lines at logger.%s()', async (method) => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 30 });
    const transport = open(emulator);
    const logger = winston.createLogger({ transports: [transport] });
    for (let index = 0; index < 1000; index++) logger.info('line', { index });

    logger[method](transport);
    await once(transport, 'close');

    expect(await entries(emulator)).toHaveLength(1000);
  });

  test('drops and counts lines that a logger writes after another one has ended it', async () => {
    await using emulator = await startEmulator();
    const release = emulator.faults.add({ kind: 'error-503', operation: 'append' });
    const transport = open(emulator, { retry: { minTimeout: 5, maxTimeout: 5 } });
    const errors: unknown[] = [];
    transport.on('error', (error) => errors.push(error));
    const first = winston.createLogger({ transports: [transport] });
    const second = winston.createLogger({ transports: [transport] });
    first.info('one');
    second.info('two');
    const entry = (message: string) => ({ message, [Symbol.for('level')]: 'info' });
    const finished = once(transport, 'finish');
    first.end();
    await once(transport, 'retry');

    second.info('late');
    await new Promise<void>((resolve) => {
      transport.write(entry('later'), () => resolve());
    });
    transport.end(entry('last'));
    expect(errors).toEqual([]);
    release();
    await finished;
    transport.write(entry('after all'));

    expect((await entries(emulator)).map(({ message }) => message)).toEqual(['one', 'two']);
    expect(transport.stream.stats.linesDropped).toBe(4);
    expect(errors).toEqual([]);
  });

  test("gives up with one 'error' and no 'finish', still accepts lines, and closes at the end", async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator, { flushInterval: 0 });
    const logger = winston.createLogger({ transports: [transport] });
    await once(transport, 'ready');
    emulator.faults.add({ kind: 'forbid' });
    const errors: Error[] = [];
    const events: string[] = [];
    logger.on('error', (error) => errors.push(error));
    for (const event of ['finish', 'close']) transport.on(event, () => events.push(event));
    transport.on('drop', ({ count }) => events.push(`${count} dropped`));

    logger.info('one');
    await once(transport, 'error');
    logger.info('two');
    logger.info('three');
    transport.end();
    await once(transport, 'close');

    expect(errors).toEqual([
      expect.objectContaining({ code: expect.stringMatching(/^APPEND_ERR_/) }),
    ]);
    expect(events).toEqual(['2 dropped', 'close']);
  });

  test("emits 'error', and no 'finish', when it fails at the end", async () => {
    await using emulator = await startEmulator();
    const transport = open(emulator, { shutdownTimeout: 100 });
    const logger = winston.createLogger({ transports: [transport] });
    await once(transport, 'ready');
    emulator.faults.add({ kind: 'stall', operation: 'append' });
    const events: unknown[] = [];
    logger.on('error', (error) => events.push(error));
    transport.on('finish', () => events.push('finish'));
    logger.info('one');

    logger.end();
    await new Promise((resolve) => transport.once('close', resolve));

    expect(events).toEqual([expect.any(ShutdownTimeoutError)]);
    expect(events[0]).toMatchObject({ code: 'APPEND_ERR_SHUTDOWN_TIMEOUT', bytesWritten: 0 });
    expect(isAppendError(events[0])).toBe(true);
  });

  test.each([
    [{ overflow: { policy: 'block' } }, "'overflow.policy' must be 'drop-oldest' or 'drop-newest'"],
    [{ eol: 7 }, "'eol' must be a string: current value is 7"],
    [{ eol: '' }, "'eol' must be a string that ends with '\\n': current value is ''"],
    [{ silent: 'yes' }, "'silent' must be a boolean"],
    [{ key: '' }, 'the key must be 1 to 1023 bytes'],
  ])('refuses %j', (wrong, message) => {
    const options = { region: 'cn-hangzhou', bucket: 'examplebucket', key: 'k', ...wrong };

    expect(() => new AppendTransport(options as AppendTransportOptions)).toThrow(message);
  });
});
