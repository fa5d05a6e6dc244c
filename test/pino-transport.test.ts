// The requirements of pino for a target, modelled on the tests of its own transports.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { pino, type TransportSingleOptions, type TransportTargetOptions } from 'pino';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import openPinoTransport, { type PinoTransportOptions } from '../src/pino.js';
import { Stage } from './guarantees/fault-matrix/stage.js';
import { builtProgram } from './helpers/remote.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const passThrough = { target: builtProgram('test/guarantees/loggers/pass-through') };

// In a separate process: pino's transport blocks this one until it has sent everything.
let stage: Stage;
let folder: string;
beforeAll(async () => {
  stage = await Stage.set();
  folder = await mkdtemp(join(tmpdir(), 'pino-transport-'));
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('a single target', () => {
  test('loads by the name of the package, and appends the lines unchanged', async ({ task }) => {
    const transport = transportTo(task);
    const logger = pino({ base: { app: 'test' } }, transport);
    logger.info({ n: 1 }, 'hello');
    logger.warn('a line of ünïcödé');
    await ended(transport);

    expect(await linesOf(task)).toEqual([
      { level: 30, time: expect.any(Number), app: 'test', n: 1, msg: 'hello' },
      { level: 40, time: expect.any(Number), app: 'test', msg: 'a line of ünïcödé' },
    ]);
  });

  test('loads by the URL of its file', async ({ task }) => {
    const target = pathToFileURL(join(root, 'dist/pino.js')).href;
    const transport = pino.transport({ ...targetTo(task), target });
    pino(transport).info('hello');
    await ended(transport);

    expect(await messagesOf(task)).toEqual(['hello']);
  });

  test('accepts lines before it is ready, and after', async ({ task }) => {
    const transport = transportTo(task);
    const logger = pino(transport);
    logger.info('before');
    await once(transport, 'ready');
    logger.info('after');
    await ended(transport);

    expect(await messagesOf(task)).toEqual(['before', 'after']);
  });

  test('appends lines before it is ended', async ({ task }) => {
    const transport = transportTo(task, { events: true });
    pino(transport).info('hello');
    const [commit] = await once(transport, 'commit');

    expect(commit).toMatchObject({ byteLength: expect.any(Number) });
    expect(await messagesOf(task)).toEqual(['hello']);
    await ended(transport);
  });

  test('has committed the lines each time that flush() calls back', async ({ task }) => {
    const transport = transportTo(task, { flushInterval: 60_000 });
    const logger = pino(transport);
    const flush = promisify(logger.flush.bind(logger));
    for (const messages of [['one'], ['one', 'two'], ['one', 'two', 'three']]) {
      logger.info(messages.at(-1));
      await flush();
      expect(await messagesOf(task)).toEqual(messages);
    }
    await ended(transport);
  });

  test('calls back for a flush without lines, and for concurrent flushes', async ({ task }) => {
    const transport = transportTo(task);
    const logger = pino(transport);
    const flush = promisify(logger.flush.bind(logger));
    await flush();
    logger.info('hello');
    await Promise.all([flush(), flush(), flush()]);

    expect(await messagesOf(task)).toEqual(['hello']);
    await ended(transport);
  });

  test('appends lines logged in synchronous mode', async ({ task }) => {
    // Missing from pino's types.
    const options: TransportSingleOptions = Object.assign(targetTo(task), { sync: true });
    const transport = pino.transport(options);
    const logger = pino(transport);
    for (let n = 0; n < 6; n++) logger.info(`line ${n}`);
    await ended(transport);

    const expected = Array.from({ length: 6 }, (_, n) => `line ${n}`);
    expect(await messagesOf(task)).toEqual(expected);
  });

  test('appends the lines of several loggers and their children', async ({ task }) => {
    const transport = transportTo(task);
    const one = pino(transport);
    const child = one.child({ module: 'child' });
    const other = pino({ name: 'other' }, transport);
    one.info('a');
    child.info('b');
    other.info('c');
    await ended(transport);

    expect(await linesOf(task)).toEqual([
      expect.objectContaining({ msg: 'a' }),
      expect.objectContaining({ msg: 'b', module: 'child' }),
      expect.objectContaining({ msg: 'c', name: 'other' }),
    ]);
  });

  test('accepts lines that are larger than a chunk, and than its shared memory', async ({
    task,
  }) => {
    const transport = transportTo(task, { chunkSize: 64 * 1024 });
    const message = 'ä'.repeat(3 * 2 ** 20);
    pino(transport).info(message);
    pino(transport).info('after it');
    await ended(transport);

    expect(await messagesOf(task)).toEqual([message, 'after it']);
  });

  test('registers no exit handler with autoEnd: false', async ({ task }) => {
    const listeners = process.listenerCount('exit');
    const transport = pino.transport({ ...targetTo(task), worker: { autoEnd: false } });
    await once(transport, 'ready');
    pino(transport).info('hello');
    await ended(transport);

    expect(process.listenerCount('exit')).toBeLessThanOrEqual(listeners);
    expect(await messagesOf(task)).toEqual(['hello']);
  });

  test('does not change its options', async ({ task }) => {
    const target = deepFreeze(targetTo(task));
    const before = structuredClone(target);
    const transport = pino.transport(target);
    pino(transport).info('hello');
    await ended(transport);

    expect(target).toEqual(before);
    expect(await messagesOf(task)).toEqual(['hello']);
  });

  test('appends to the object of the previous transport', async ({ task }) => {
    for (const message of ['first', 'second']) {
      const transport = transportTo(task);
      pino(transport).info(message);
      await ended(transport);
    }

    expect(await messagesOf(task)).toEqual(['first', 'second']);
  });
});

describe('several targets', () => {
  test('each receive the lines of their level', async ({ task }) => {
    const transport = pino.transport({
      targets: [
        { ...targetTo(task, 'all'), level: 'info' },
        { ...targetTo(task, 'errors'), level: 'error' },
      ],
    });
    const logger = pino(transport);
    logger.info('hello');
    logger.error('world');
    await ended(transport);

    expect(await messagesOf(task, 'all')).toEqual(['hello', 'world']);
    expect(await messagesOf(task, 'errors')).toEqual(['world']);
  });

  test('divide the lines with dedupe: each goes to the target with the nearest level', async ({
    task,
  }) => {
    const transport = pino.transport({
      dedupe: true,
      targets: [
        { ...targetTo(task, 'all'), level: 'info' },
        { ...targetTo(task, 'errors'), level: 'error' },
      ],
    });
    const logger = pino(transport);
    logger.info('hello');
    logger.error('world');
    await ended(transport);

    expect(await messagesOf(task, 'all')).toEqual(['hello']);
    expect(await messagesOf(task, 'errors')).toEqual(['world']);
  });

  test('support custom levels', async ({ task }) => {
    const levels = { notice: 35, urgent: 55 };
    const transport = pino.transport({
      levels,
      targets: [
        { ...targetTo(task, 'all'), level: 'notice' },
        { ...targetTo(task, 'urgent'), level: 'urgent' },
      ],
    });
    const logger = pino({ customLevels: levels }, transport);
    logger.info('too low');
    logger.notice('a notice');
    logger.urgent('a fire');
    await ended(transport);

    expect(await messagesOf(task, 'all')).toEqual(['a notice', 'a fire']);
    expect(await messagesOf(task, 'urgent')).toEqual(['a fire']);
  });

  test('may be a single one, with a level and without', async ({ task }) => {
    for (const [name, level] of [
      ['errors', 'error'],
      ['all', undefined],
    ] as const) {
      const target = { ...targetTo(task, name), ...(level === undefined ? {} : { level }) };
      const transport = pino.transport({ targets: [target] });
      const logger = pino({ level: 'debug' }, transport);
      logger.debug('a detail');
      logger.error('an error');
      await ended(transport);
    }

    expect(await messagesOf(task, 'errors')).toEqual(['an error']);
    expect(await messagesOf(task, 'all')).toEqual(['a detail', 'an error']);
  });

  test('may include pino-pretty and a file', async ({ task }) => {
    const pretty = join(folder, `${task.id}.txt`);
    const plain = join(folder, `${task.id}.json`);
    const targets: TransportTargetOptions[] = [
      targetTo(task),
      { target: 'pino-pretty', options: { destination: pretty, colorize: false } },
      { target: 'pino/file', options: { destination: plain } },
    ];
    const transport = pino.transport({ targets });
    pino(transport).info('hello');
    await ended(transport);

    expect(await messagesOf(task)).toEqual(['hello']);
    expect(await readFile(pretty, 'utf8')).toMatch(/INFO.*hello/);
    expect(await readFile(plain, 'utf8')).toMatch(/"msg":"hello"/);
  });
});

describe('a pipeline', () => {
  test('may end in the transport', async ({ task }) => {
    const transport = pino.transport({ pipeline: [passThrough, targetTo(task)] });
    pino(transport).info('hello');
    await ended(transport);

    expect(await messagesOf(task)).toEqual(['hello']);
  });

  test('may be one of several targets, with a level', async ({ task }) => {
    const transport = pino.transport({
      targets: [
        { ...targetTo(task, 'all'), level: 'info' },
        { pipeline: [passThrough, targetTo(task, 'errors')], level: 'error' },
      ],
    });
    const logger = pino(transport);
    logger.info('hello');
    logger.error('world');
    await ended(transport);

    expect(await messagesOf(task, 'all')).toEqual(['hello', 'world']);
    expect(await messagesOf(task, 'errors')).toEqual(['world']);
  });
});

describe('the transport emits an error', () => {
  test('when an option is wrong', async ({ task }) => {
    const transport = transportTo(task, { chunkSize: 'much' });
    const [error] = await once(transport, 'error');

    expect(error.message).toMatch(/'chunkSize'/);
  });

  test('when the bucket does not exist', async ({ task }) => {
    const transport = transportTo(task, { bucket: 'no-such-bucket' });
    const [error] = await once(transport, 'error');

    expect(error.message).toMatch(/bucket does not exist/);
  });

  test('when one of several targets cannot be opened', async ({ task }) => {
    const transport = pino.transport({
      targets: [targetTo(task), targetTo(task, 'other', { bucket: 'no-such-bucket' })],
    });
    const [error] = await once(transport, 'error');

    expect(error.message).toMatch(/bucket does not exist/);
  });

  test('with the reason when the stream gives up, and keeps the lines', async ({ task }) => {
    const fallback = join(folder, `${task.id}.uncommitted`);
    const transport = transportTo(task, { fallback, shutdownTimeout: 5000 });
    await once(transport, 'ready');
    const key = keyOf(task);
    await stage.emulator.call('addFault', { kind: 'forbid', operation: 'append', key });
    pino(transport).info('hello');
    const [error] = await once(transport, 'error');

    expect(error.message).toMatch(/no right to access/);
    expect(await readFile(fallback, 'utf8')).toMatch(/^\{.*"bucket".*\}\n\{.*"msg":"hello"\}\n$/);
  });

  test('or throws at once when an option cannot be cloned', ({ task }) => {
    expect(() => transportTo(task, { credentials: () => {} })).toThrow(/could not be cloned/);
  });
});

describe('an application', () => {
  test.for([
    ['an ES module', 'mjs', "import { pino } from 'pino';"],
    ['CommonJS', 'cjs', "const { pino } = require('pino');"],
  ] as const)('may be %s', async ([, extension, imports], { task }) => {
    await runApplication(
      `${imports}
      const transport = pino.transport(${JSON.stringify(targetTo(task))});
      pino(transport).info('hello');`,
      extension,
    );

    expect(await messagesOf(task)).toEqual(['hello']);
  });

  test('may name the target in the options of pino', async ({ task }) => {
    await runApplication(
      `import { pino } from 'pino';
      pino({ transport: ${JSON.stringify(targetTo(task))} }).info('hello');`,
      'mjs',
    );

    expect(await messagesOf(task)).toEqual(['hello']);
  });

  test('may require() the destination and use it in the main thread', async ({ task }) => {
    const { options } = targetTo(task);
    await runApplication(
      `const { pino } = require('pino');
      const { default: open } = require('oss-append-stream/pino');
      open(${JSON.stringify(options)}).then((destination) => {
        pino(destination).info('hello');
        destination.end();
      });`,
      'cjs',
    );

    expect(await messagesOf(task)).toEqual(['hello']);
  });
});

describe('a destination in the main thread', () => {
  test('is open when the factory resolves, and has committed the lines when flush() calls back', async ({
    task,
  }) => {
    const destination = await openPinoTransport(targetTo(task).options);
    expect(destination.position).toBe(0);
    const logger = pino(destination);
    logger.info('hello');
    await promisify(logger.flush.bind(logger))();
    expect(await messagesOf(task)).toEqual(['hello']);
    destination.end();
    await once(destination, 'close');
  });

  test('may be one of the streams of pino.multistream()', async ({ task }) => {
    const all = await openPinoTransport(targetTo(task, 'all').options);
    const errors = await openPinoTransport(targetTo(task, 'errors').options);
    const streams = [{ stream: all }, { level: 'error', stream: errors }] as const;
    const logger = pino({}, pino.multistream([...streams]));
    logger.info('hello');
    logger.error('world');
    for (const stream of [all, errors]) {
      stream.end();
      await once(stream, 'close');
    }

    expect(await messagesOf(task, 'all')).toEqual(['hello', 'world']);
    expect(await messagesOf(task, 'errors')).toEqual(['world']);
  });
});

type Task = TestContext['task'];

function keyOf(task: Task, name = 'lines'): string {
  return `${task.id}/${name}.log`;
}

/** A transport with plain options, to an object per test. */
function targetTo(task: Task, name?: string, change: object = {}) {
  const options: PinoTransportOptions = {
    ...stage.directConnection,
    key: keyOf(task, name),
    flushInterval: 20,
    fallback: false,
    ...change,
  };
  return { target: 'oss-append-stream/pino', options };
}

type Transport = ReturnType<typeof pino.transport>;

function transportTo(task: Task, change: object = {}): Transport {
  return pino.transport(targetTo(task, undefined, change));
}

async function ended(transport: Transport): Promise<void> {
  transport.end();
  await once(transport, 'close');
}

async function linesOf(task: Task, name?: string): Promise<Record<string, unknown>[]> {
  const text = String(await stage.read(keyOf(task, name)));
  expect(text).toMatch(/\n$/);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function messagesOf(task: Task, name?: string): Promise<unknown[]> {
  return (await linesOf(task, name)).map(({ msg }) => msg);
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}

/** Runs a program in a project that has this package and pino installed. */
async function runApplication(source: string, extension: 'mjs' | 'cjs'): Promise<void> {
  const home = await mkdtemp(join(folder, 'application-'));
  await mkdir(join(home, 'node_modules'));
  await symlink(root, join(home, 'node_modules/oss-append-stream'), 'dir');
  await symlink(join(root, 'node_modules/pino'), join(home, 'node_modules/pino'), 'dir');
  const program = join(home, `program.${extension}`);
  await writeFile(program, source);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], {
    timeout: 20_000,
    cwd: home,
  });
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
}
