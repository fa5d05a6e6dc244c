// What becomes of a line in a log with the default options, as docs/logging.md says in a table.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import winston from 'winston';
import { type FaultKind, startEmulator } from '../../src/emulator/index.js';
import type { AppendClient } from '../../src/index.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import openLog, { type LogWritableOptions } from '../../src/pino.js';
import { AppendTransport } from '../../src/winston.js';
import { send } from '../emulator/signed-request.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';
import { connectionTo } from '../helpers/open-stream.js';

const { emulator } = await startEmulatorForFile();
let names = 0;

const loggers = ['pino', 'winston'] as const;

/** A logger with the default options, each line of which is sent at once. */
async function open(
  library: (typeof loggers)[number],
  given: Partial<LogWritableOptions> = {},
  store = emulator,
) {
  const name = `log-${++names}`;
  const key = `${name}.log`;
  const { retry: _, ...connection } = connectionTo(store);
  const options = { ...connection, key, flushInterval: 0, fallback: false as const, ...given };
  const { stream, log } =
    library === 'pino' ? await openPino(options) : openWinston(options as LogWritableOptions);
  onTestFinished(() => {
    stream.destroy();
  });
  const errors: Error[] = [];
  stream.on('error', (error) => errors.push(error));
  return {
    name,
    key,
    stream,
    errors,
    log: async (text: string) => {
      log(text);
      await stream.flush();
    },
  };
}

async function openPino(options: LogWritableOptions) {
  const stream = await openLog(options);
  const logger = pino(stream);
  return { stream, log: (text: string) => logger.info(text) };
}

function openWinston(options: LogWritableOptions) {
  const transport = new AppendTransport(options as never);
  const logger = winston.createLogger({ transports: [transport] });
  logger.on('error', () => {});
  return { stream: transport.stream, log: (text: string) => void logger.info(text) };
}

/** The texts of the lines in an object. */
async function textsIn(key: string): Promise<string[]> {
  const content = String(await emulator.read('examplebucket', key));
  const lines = content.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line)).map(({ msg, message }) => msg ?? message);
}

const strike = (kind: FaultKind, key: string, operation: 'append' | 'head' = 'append') =>
  emulator.faults.add({ kind, operation, key, nth: 1 });

describe.each(loggers)('%s goes on', (library) => {
  test.each([
    ['is sealed', 'seal'],
    ['is under retention', 'retain'],
    ['is replaced by one that cannot be appended to', 'replace'],
  ] as const)('in the next object when its object %s', async (_, kind) => {
    const { name, key, log, stream, errors } = await open(library);
    await log('one');
    strike(kind, key);
    await log('two');
    await log('three');

    expect(await textsIn(`${name}.1.log`)).toEqual(['two', 'three']);
    expect(stream.stats).toMatchObject({ rollovers: 1, retries: 0 });
    expect(errors).toEqual([]);
  });

  test('in a new object when its object is deleted', async () => {
    const { key, log, errors } = await open(library);
    await log('one');
    strike('delete', key);
    await log('two');
    await log('three');

    expect(await textsIn(key)).toEqual(['two', 'three']);
    expect(errors).toEqual([]);
  });

  test('at the end of its object when that is shortened', async () => {
    const { key, log, errors } = await open(library);
    await log('one');
    await log('two');
    const content = await emulator.read('examplebucket', key);
    await send(emulator, { method: 'DELETE', key });
    const first = content.subarray(0, content.indexOf('\n') + 1);
    const query = { append: '', position: '0' };
    await send(emulator, { method: 'POST', key, query, body: first });
    await log('three');

    expect(await textsIn(key)).toEqual(['one', 'three']);
    expect(errors).toEqual([]);
  });
});

describe.each(loggers)('%s ends with its error, and keeps its lines', (library) => {
  const kept = async (folder: string) => {
    const [file = ''] = await readdir(folder);
    const [, line = ''] = (await readFile(join(folder, file), 'utf8')).split('\n');
    const { msg, message } = JSON.parse(line);
    return msg ?? message;
  };

  test('when its object is deleted while an attempt is unanswered', async () => {
    const folder = await createFolder();
    const { key, log, errors } = await open(library, { fallback: join(folder, 'rest') });
    await log('one');
    strike('drop-request', key);
    strike('delete', key, 'head');

    await expect(log('two')).rejects.toMatchObject({ code: 'APPEND_ERR_DIVERGED' });
    expect(errors).toHaveLength(1);
    expect(await kept(folder)).toBe('two');
  });

  test('when its object is under retention while an attempt is unanswered', async () => {
    const folder = await createFolder();
    const { name, key, log, errors } = await open(library, { fallback: join(folder, 'rest') });
    await log('one');
    strike('drop-request', key);
    emulator.faults.add({ kind: 'retain', key });

    await expect(log('two')).rejects.toMatchObject({
      code: 'APPEND_ERR_UNCONFIRMED',
      cause: { code: 'APPEND_ERR_NOT_APPENDABLE' },
    });
    expect(errors).toHaveLength(1);
    expect(await kept(folder)).toBe('two');
    await expect(emulator.read('examplebucket', `${name}.1.log`)).rejects.toThrow('no such object');
  });

  test('when its key is revoked', async () => {
    const folder = await createFolder();
    const { key, log, errors } = await open(library, { fallback: join(folder, 'rest') });
    await log('one');
    strike('forbid', key);

    await expect(log('two')).rejects.toThrow('AccessDenied');
    expect(errors).toHaveLength(1);
    expect(await kept(folder)).toBe('two');
  });

  test('when its clock cannot be put right, since that of the store jumps', async () => {
    await using store = await startEmulator();
    const folder = await createFolder();
    const fallback = join(folder, 'rest');
    const { log, errors } = await open(library, { fallback }, store);
    await log('one');
    store.faults.add({ kind: 'skew', operation: 'append' });

    await expect(log('two')).rejects.toThrow('RequestTimeTooSkewed');
    expect(errors).toHaveLength(1);
    expect(await kept(folder)).toBe('two');
  });

  test('when its bucket is gone', async () => {
    await using store = await startEmulator();
    const folder = await createFolder();
    const fallback = join(folder, 'rest');
    const { key, log, errors } = await open(library, { fallback }, store);
    await log('one');
    await send(store, { method: 'DELETE', key });
    await send(store, { method: 'DELETE' });

    await expect(log('two')).rejects.toThrow('NoSuchBucket');
    expect(errors).toHaveLength(1);
    expect(await kept(folder)).toBe('two');
  });
});

test.each(loggers)(
  "%s makes an object of its own for each start with flags 'ax'",
  async (library) => {
    const key = `start-${library}.log`;
    const flags = 'ax';
    const first = await open(library, { key, flags });
    const together = await Promise.all([1, 2].map(() => open(library, { key, flags })));
    await first.log('one');
    // The next two found the first object missing.
    await Promise.all(together.map(({ log }, index) => log(`together ${index}`)));
    const last = await open(library, { key, flags });
    await last.log('last');

    const keys = [key, ...[1, 2, 3].map((n) => `start-${library}.${n}.log`)];
    const [one, ...others] = await Promise.all(keys.map(textsIn));
    expect(one).toEqual(['one']);
    expect(others.slice(0, 2).sort()).toEqual([['together 0'], ['together 1']]);
    expect(others[2]).toEqual(['last']);
    expect(first.errors.concat(last.errors)).toEqual([]);
  },
);

test('goes on in the next object when its object is full, with a client of its own', async () => {
  const limit = 5 * 2 ** 30;
  const lengths = new Map<string, number>();
  const texts = new Map<string, string>();
  const client: AppendClient = {
    async appendObject(key, position, body) {
      const length = lengths.get(key) ?? 0;
      if (position !== length) {
        throw Object.assign(new Error('No'), { outcome: 'conflict', actualLength: length });
      }
      lengths.set(key, length + body.byteLength);
      texts.set(key, `${texts.get(key) ?? ''}${Buffer.from(body)}`);
      return { nextPosition: length + body.byteLength };
    },
    async headObject(key) {
      const length = lengths.get(key);
      return length === undefined ? undefined : { length, appendable: true, sealed: false };
    },
    getObject: async () => Readable.from([]),
    sealAppendObject: async () => {},
    close: async () => {},
  };
  const stream = new LogWritable({ client, key: 'app.log', flushInterval: 0 });
  await stream.append('zero\n');
  // What other processes have appended meanwhile.
  lengths.set('app.log', limit - 1);
  await stream.append('one\n');
  stream.end('two\n');
  await finished(stream);

  expect(Object.fromEntries(texts)).toEqual({ 'app.log': 'zero\n', 'app.1.log': 'one\ntwo\n' });
});
