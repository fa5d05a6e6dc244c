import { once } from 'node:events';
import { createServer, type IncomingMessage, request as openRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { ModuleKind, transpileModule } from 'typescript';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../src/emulator/index.js';
import { OssClient } from '../src/index.js';
import { environmentOf } from './helpers/command-line.js';
import { contentOf } from './helpers/content-of.js';
import { blockUnder, writePrograms } from './helpers/document-blocks.js';
import { movableClock } from './helpers/movable-clock.js';
import type { ProcessResult } from './helpers/process-result.js';
import { type StartedProgram, startProgram } from './helpers/start-program.js';

async function start(): Promise<Emulator> {
  const emulator = await startEmulator({ buckets: ['logs'] });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Starts a program of a document against an emulator, in a folder with `files` beside it. */
async function startProgramOf(
  page: string,
  heading: string,
  emulator: Emulator,
  {
    files = {},
    env = {},
    edit = (source: string) => source,
  }: {
    files?: Record<string, string>;
    env?: Record<string, string>;
    edit?: (source: string) => string;
  } = {},
): Promise<StartedProgram> {
  const source = edit(await blockUnder(page, heading));
  const cwd = await writePrograms({ 'program.mjs': source, ...files });
  return startProgram(join(cwd, 'program.mjs'), {
    env: { ...environmentOf(emulator), ...env },
    cwd,
  });
}

const read = async (emulator: Emulator, key: string) => String(await emulator.read('logs', key));
const clean = { exitCode: 0, stdout: '', stderr: '' };

describe('programs of the README', () => {
  const page = 'README.md';

  test('the stream appends a file', async () => {
    const emulator = await start();

    const files = { 'app.log': 'one line\n' };
    const program = await startProgramOf(page, 'A stream', emulator, { files });

    expect(await program.result).toEqual(clean);
    expect(await read(emulator, 'app/today.log')).toBe('one line\n');
  });

  test('pino logs a line', async () => {
    const emulator = await start();

    const program = await startProgramOf(page, 'pino', emulator);

    expect(await program.result).toEqual(clean);
    expect(JSON.parse(await contentOf(emulator, 'app.log'))).toMatchObject({ msg: 'hello' });
  });
});

describe('programs of docs/options.md', () => {
  test('append() says where bytes are, in TypeScript', async () => {
    const emulator = await start();
    const source = await blockUnder('docs/options.md', 'Events', { language: 'ts' });

    const { outputText } = transpileModule(source, {
      compilerOptions: { module: ModuleKind.ESNext },
    });
    const files = { 'events.mjs': outputText };
    const cwd = await writePrograms(files);
    const program = startProgram(join(cwd, 'events.mjs'), { env: environmentOf(emulator), cwd });

    const stdout = '6 bytes of events.log, in 1 append\n';
    expect(await program.result).toEqual({ ...clean, stdout });
  });

  test('the default chain of @alicloud/credentials signs', async () => {
    const emulator = await start();
    const { OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET } = environmentOf(emulator);
    const env = {
      OSS_ACCESS_KEY_ID: '',
      OSS_ACCESS_KEY_SECRET: '',
      ALIBABA_CLOUD_ACCESS_KEY_ID: OSS_ACCESS_KEY_ID,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: OSS_ACCESS_KEY_SECRET,
    };

    const heading = 'STS, ECS roles and OIDC';
    const program = await startProgramOf('docs/options.md', heading, emulator, { env });

    expect(await program.result).toEqual(clean);
    expect(await read(emulator, 'app.log')).toBe('hello\n');
  });
});

describe('programs of docs/errors.md', () => {
  const page = 'docs/errors.md';

  test('the rest is sent again after an outage that was longer than the retries', async () => {
    const emulator = await start();
    emulator.faults.add({ kind: 'error-503', operation: 'append', times: 2 });

    const program = await startProgramOf(page, 'Send the rest again', emulator);

    expect(await program.result).toEqual(clean);
    expect(await read(emulator, 'app.log')).toBe('a line\nanother line\n');
    expect(emulator.requests.filter(({ operation }) => operation === 'append')).toHaveLength(3);
  });

  test('the rest is sent again after one chunk was committed', async () => {
    const emulator = await start();
    emulator.faults.add({ kind: 'error-503', operation: 'append', nth: 2, times: 2 });

    const edit = (source: string) =>
      source.replace("key: 'app.log'", "key: 'app.log', chunkSize: 7");
    const program = await startProgramOf(page, 'Send the rest again', emulator, { edit });

    expect(await program.result).toEqual(clean);
    expect(await read(emulator, 'app.log')).toBe('a line\nanother line\n');
  });

  test('a stream goes on in the next object when one is full', async () => {
    const emulator = await start();
    const endpoint = await startBeforeFullObject(emulator, '/logs/video/000000.ts');

    const heading = 'Go on in the next object';
    const env = { OSS_ENDPOINT: endpoint };
    const program = await startProgramOf(page, heading, emulator, { env });

    const stdout = 'bytes 0 to 7 of video/000001.ts\n';
    expect(await program.result).toEqual({ ...clean, stdout });
    expect(await read(emulator, 'video/000001.ts')).toBe('a frame');
  });
});

/** Listens before an emulator, and says itself that the object at `path` has 5 GiB. */
async function startBeforeFullObject({ endpoint }: Emulator, path: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const { method, url = '', headers } = request;
    if (url === path) {
      response.writeHead(200, {
        'content-length': 5 * 2 ** 30,
        'x-oss-request-id': '1',
        'x-oss-object-type': 'Appendable',
        'x-oss-next-append-position': 5 * 2 ** 30,
        'x-oss-hash-crc64ecma': '0',
      });
      response.end();
      return;
    }
    const forwarded = openRequest(new URL(url, endpoint), { method, headers, agent: false });
    request.pipe(forwarded);
    const [answer]: IncomingMessage[] = await once(forwarded, 'response');
    if (answer === undefined) return;
    response.writeHead(answer.statusCode ?? 0, answer.headers);
    await pipeline(answer, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('programs of docs/operations.md', () => {
  const page = 'docs/operations.md';

  test('a logger goes on in another object when the day changes', async () => {
    const emulator = await start();

    const { keys, result } = await passMidnight(page, 'A new object each day', emulator);

    expect(result).toEqual(clean);
    const [first = '', second = ''] = keys;
    expect(first).toMatch(new RegExp(`^app/\\d{4}-\\d\\d-\\d\\d/${hostname()}-\\d+\\.log$`));
    expect(daysBetween(first, second)).toBe(1);
    for (const key of keys)
      expect(await read(emulator, key)).toMatch(/^(\{.*"msg":"working"\}\n)+$/);
  });
});

describe('programs of docs/long-lived.md', () => {
  const page = 'docs/long-lived.md';

  test('a stream goes on in another object when the day changes, and says so', async () => {
    const emulator = await start();

    const { keys, result } = await passMidnight(page, 'A new object each day', emulator);

    const [first = '', second = ''] = keys;
    expect(result).toEqual({ ...clean, stdout: `${first} -> ${second} (interval)\n` });
    expect(daysBetween(first, second)).toBe(1);
    expect(first.endsWith(`/${hostname()}-000000.log`)).toBe(true);
    for (const key of keys) expect(await read(emulator, key)).toMatch(/^(working\n)+$/);
  });

  test('four processes that start together share an object', async () => {
    const emulator = await start();
    const heading = 'Several writers on one object';
    const started = [1, 2, 3, 4].map(() => startProgramOf(page, heading, emulator));
    const results = await Promise.all(started.map(async (program) => (await program).result));

    expect(results).toEqual([clean, clean, clean, clean]);
    const lines = (await read(emulator, 'app.log')).split(/(?<=\n)/);
    expect(lines).toHaveLength(4);
    expect(new Set(lines).size).toBe(4);
    for (const line of lines) expect(line).toMatch(/^\d+ started\n$/);
  });

  test('a listener compresses an object that is finished', async () => {
    const emulator = await start();

    const heading = 'When an object is finished';
    const { keys, result } = await passMidnight(page, heading, emulator, { count: 3 });

    expect(result).toEqual(clean);
    const [first = ''] = keys;
    expect(keys).toContain(`${first}.gz`);
    const compressed = await emulator.read('logs', `${first}.gz`);
    expect(String(gunzipSync(compressed))).toBe(await read(emulator, first));
  });
});

/** Moves the clock of a program by a day, and stops it when it has created `count` objects. */
async function passMidnight(
  page: string,
  heading: string,
  emulator: Emulator,
  { count = 2 } = {},
): Promise<{ readonly keys: readonly string[]; readonly result: ProcessResult }> {
  const appended = () =>
    emulator.requests.filter(({ operation, status }) => operation === 'append' && status === 200);
  const keys = () => [...new Set(appended().map(({ key }) => key ?? ''))];
  const edit = (source: string) => source.replace('), 1000)', '), 100)');
  const program = await startProgramOf(page, heading, emulator, { edit, env: movableClock });
  await expect.poll(() => keys().length).toBe(1);
  program.process.kill('SIGUSR2');
  await expect.poll(() => keys().length).toBe(count);
  program.process.kill('SIGTERM');
  return { result: await program.result, keys: keys() };
}

function daysBetween(...keys: readonly [string, string]): number {
  const [first, second] = keys.map((key) => Date.parse(key.split('/')[1] ?? '')) as [
    number,
    number,
  ];
  return (second - first) / 86_400_000;
}

describe('programs of docs/own-store.md', () => {
  test('two streams share a client', async () => {
    const emulator = await start();

    const heading = 'Many streams, one client';
    const program = await startProgramOf('docs/own-store.md', heading, emulator);

    expect(await program.result).toEqual(clean);
    expect(await read(emulator, 'access.log')).toBe('GET /\n');
    expect(await read(emulator, 'error.log')).toBe('none\n');
  });
});

describe('programs of docs/reading.md', () => {
  const page = 'docs/reading.md';

  async function connect() {
    const emulator = await start();
    const { endpoint, region, credentials } = emulator;
    const client = new OssClient({ endpoint, region, credentials, bucket: 'logs' });
    onTestFinished(() => client.close());
    return { emulator, client };
  }

  test('a reader follows an object, line by line, until it is sealed', async () => {
    const { emulator, client } = await connect();

    const program = await startProgramOf(page, 'Follow an object', emulator);
    await client.appendObject('app.log', 0, Buffer.from('one line\n'), { create: {} });
    await program.greeting;
    await client.appendObject('app.log', 9, Buffer.from('another line\n'));
    await client.sealAppendObject('app.log', 22);

    expect(await program.result).toEqual({ ...clean, stdout: 'one line\nanother line\n' });
  });

  test('a reader goes on where it stopped, in a later object', async () => {
    const { emulator, client } = await connect();
    const heading = 'Go on where it stopped';
    await client.appendObject('app-000000.log', 0, Buffer.from('one\n'), { create: {} });
    const cwd = await writePrograms({ 'program.mjs': await blockUnder(page, heading) });
    const run = () =>
      startProgram(join(cwd, 'program.mjs'), { env: environmentOf(emulator), cwd }).result;

    expect(await run()).toEqual({ ...clean, stdout: 'one\n' });
    await client.appendObject('app-000000.log', 4, Buffer.from('two\n'));
    await client.appendObject('app-000001.log', 0, Buffer.from('three\n'), { create: {} });
    expect(await run()).toEqual({ ...clean, stdout: 'two\nthree\n' });
    expect(await run()).toEqual(clean);
  });
});

describe('programs of docs/reliability.md', () => {
  const page = 'docs/reliability.md';

  test('append() and flush() say what is committed', async () => {
    const emulator = await start();

    const program = await startProgramOf(page, 'When are bytes safe?', emulator);

    const stdout = 'committed: bytes 0 to 19 of audit.log\ncommitted: all 39 bytes\n';
    expect(await program.result).toEqual({ ...clean, stdout });
    expect(await read(emulator, 'audit.log')).toBe('somebody logged in\nsomebody logged out\n');
  });

  test('a file goes on where the object ends', async () => {
    const emulator = await start();
    const files = { 'app.log': 'one line\n' };
    const heading = 'A source that can be read again';
    const program = await startProgramOf(page, heading, emulator, { files });
    expect(await program.result).toEqual(clean);

    const longer = { 'app.log': 'one line\nanother line\n' };
    const again = await startProgramOf(page, heading, emulator, { files: longer });

    expect(await again.result).toEqual(clean);
    expect(await read(emulator, 'app.log')).toBe('one line\nanother line\n');
  });
});
