import { once } from 'node:events';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../src/emulator/index.js';
import { environmentOf, runCommand } from './helpers/command-line.js';
import { contentOf } from './helpers/content-of.js';
import { blocksByHeading, writePrograms } from './helpers/document-blocks.js';
import { actDuringOutage } from './helpers/outage.js';
import { type StartedProgram, startProgram } from './helpers/start-program.js';
import { stopTwice } from './helpers/stop-twice.js';

const blocks = await blocksByHeading('docs/logging.md');

async function start(): Promise<Emulator> {
  const emulator = await startEmulator({ buckets: ['logs'] });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** The name in the first line of a block; what it is otherwise shows in how it imports. */
function nameOf(block: string): string {
  const [, name] = /^\/\/ (\S+\.[cm]js)\n/.exec(block) ?? [];
  return name ?? (block.includes('require(') ? 'program.cjs' : 'program.mjs');
}

/** Runs a block as it is in the page, beside files with the others that `beside` names. */
async function startBlock(
  heading: string,
  index: number,
  env: Record<string, string>,
  beside: readonly number[] = [],
): Promise<StartedProgram> {
  const [block, ...others] = [index, ...beside].map((it) => blocks.get(heading)?.[it]);
  if (block === undefined) throw new Error(`No block ${index} under "${heading}"`);
  const files = [block, ...others].map((it = '') => [nameOf(it), it]);
  const folder = await writePrograms(Object.fromEntries(files));
  return startProgram(join(folder, nameOf(block)), { env, cwd: folder });
}

async function linesOf(emulator: Emulator, key: string): Promise<string[]> {
  const content = await contentOf(emulator, key);
  expect(content.endsWith('\n')).toBe(true);
  return content.trimEnd().split('\n');
}

/** What a logger wrote, by the field that has the text. */
async function messagesOf(emulator: Emulator, key: string, field: string): Promise<unknown[]> {
  return (await linesOf(emulator, key)).map((line) => JSON.parse(line)[field]);
}

/** Resolves when the object has a line. */
async function committed(emulator: Emulator, key: string): Promise<void> {
  await expect.poll(async () => (await contentOf(emulator, key)).length).not.toBe(0);
}

let sockets = 0;

/** Where a server listens, instead of at a port that somebody else may have. */
function createSocketPath(): string {
  return join(tmpdir(), `oss-append-${process.pid}-${sockets++}.sock`);
}

/** Asks the server at a path until it is there. */
async function fetchFrom(socketPath: string, path = '/'): Promise<string> {
  let answer = '';
  await expect
    .poll(async () => {
      const [response] = await once(request({ socketPath, path, agent: false }).end(), 'response');
      answer = await text(response);
      return true;
    })
    .toBe(true);
  return answer;
}

const clean = { exitCode: 0, stdout: '', stderr: '' };

describe('programs of docs/logging.md that end by themselves have committed everything', () => {
  test.each([
    ['pino', 0, 'app.log', 'msg', ''],
    ['pino', 1, 'app.log', 'msg', ''],
    ['pino', 2, 'app.log', 'msg', ''],
    ['winston', 0, 'app.log', 'message', ''],
    ['winston', 1, 'app.log', 'message', 'committed\n'],
    ['Other sources of lines', 1, 'otel.log', 'body', ''],
    ['Metrics', 1, 'app.log', 'msg', ''],
  ])('%s %d', async (heading, index, key, field, stdout) => {
    const emulator = await start();

    const program = await startBlock(heading, index, environmentOf(emulator));

    expect(await program.result).toEqual({ ...clean, stdout });
    expect(await messagesOf(emulator, key, field)).toEqual(['hello']);
  });

  test('Credentials for the worker', async () => {
    const emulator = await start();
    const { OSS_ENDPOINT, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET } = environmentOf(emulator);
    const env = {
      OSS_ENDPOINT,
      ALIBABA_CLOUD_ACCESS_KEY_ID: OSS_ACCESS_KEY_ID,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: OSS_ACCESS_KEY_SECRET,
    };

    const program = await startBlock('Credentials for the worker', 1, env, [0]);

    expect(await program.result).toEqual(clean);
    expect(await messagesOf(emulator, 'app.log', 'msg')).toEqual(['hello']);
  });
});

describe('the commands of docs/logging.md for a file of saved lines', () => {
  /** Has a program exit before its line is committed. */
  async function saveLine(emulator: Emulator) {
    const block = blocks.get('pino')?.[1] ?? '';
    const hasty = block.replace('stream.end();', 'process.exit();').replace('hello', 'saved');
    const folder = await writePrograms({ 'program.mjs': block, 'hasty.mjs': hasty });
    const options = { env: environmentOf(emulator), cwd: folder };
    const { stderr } = await startProgram(join(folder, 'hasty.mjs'), options).result;
    const [, file = ''] = /oss-append replay (\S+)\n$/.exec(stderr) ?? [];
    return { file, folder, options };
  }

  test('puts them where they belong', async () => {
    const emulator = await start();
    const { file, options } = await saveLine(emulator);

    const shell = await blocksByHeading('docs/logging.md', 'sh');
    const [command, ...args] = (shell.get('When OSS is slow or gone')?.[0] ?? '').trim().split(' ');
    const given = args.map((argument) => (argument === 'FILE' ? file : argument));
    const { exitCode } = await runCommand(given, options);

    expect(command).toBe('oss-append');
    expect(exitCode).toBe(0);
    expect(await messagesOf(emulator, 'app.log', 'msg')).toEqual(['saved']);
  });

  test('puts them behind what others have appended since', async () => {
    const emulator = await start();
    const { file, folder, options } = await saveLine(emulator);
    expect(await startProgram(join(folder, 'program.mjs'), options).result).toEqual(clean);

    const { exitCode } = await runCommand(['replay', file], options);

    expect(exitCode).toBe(0);
    expect(await messagesOf(emulator, 'app.log', 'msg')).toEqual(['hello', 'saved']);
  });
});

describe('programs of docs/logging.md lose nothing when two signals tell them to stop', () => {
  test.each([
    ['Shutting down without losing lines', 0, 'msg'],
    ['Shutting down without losing lines', 1, 'msg'],
    ['Shutting down without losing lines', 2, 'message'],
  ])('%s %d', async (heading, index, field) => {
    const emulator = await start();
    const program = await startBlock(heading, index, environmentOf(emulator));
    await committed(emulator, 'app.log');
    await actDuringOutage(emulator, () => stopTwice(program.process));

    expect(await program.result).toEqual({ ...clean, exitCode: 143 });
    const [first, ...others] = await messagesOf(emulator, 'app.log', field);
    expect(first).toBe('working');
    expect(others.length).toBeGreaterThan(0);
    expect(new Set(others)).toEqual(new Set(['still working']));
  });

  test.each([0, 1, 2])('a log that gave up neither ends program %d nor keeps it', async (index) => {
    const emulator = await start();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const heading = 'Shutting down without losing lines';
    const program = await startBlock(heading, index, environmentOf(emulator));
    expect(await program.complaint).toContain('AccessDenied');
    const soon = setTimeout(300, 'still runs');

    expect(await Promise.race([program.result, soon])).toBe('still runs');
    program.process.kill('SIGTERM');
    expect((await program.result).exitCode).toBe(143);
  });

  test('Other sources of lines 0', async () => {
    const emulator = await start();
    const PORT = createSocketPath();
    const env = { ...environmentOf(emulator), PORT };
    const program = await startBlock('Other sources of lines', 0, env);
    expect(await fetchFrom(PORT, '/a')).toBe('hello\n');
    await fetchFrom(PORT, '/b');

    await actDuringOutage(emulator, () => stopTwice(program.process));

    expect(await program.result).toEqual(clean);
    const lines = await linesOf(emulator, 'access.log');
    expect(lines.map((line) => /"(.+?)" (\d+)/.exec(line)?.slice(1))).toEqual([
      ['GET /a HTTP/1.1', '200'],
      ['GET /b HTTP/1.1', '200'],
    ]);
  });

  test('Metrics 0', async () => {
    const emulator = await start();
    const PORT = createSocketPath();
    const env = { ...environmentOf(emulator), PORT };
    const program = await startBlock('Metrics', 0, env);
    await fetchFrom(PORT);
    await committed(emulator, 'app.log');
    const metrics = await fetchFrom(PORT);

    program.process.kill('SIGTERM');

    expect(await program.result).toEqual(clean);
    expect(metrics).toContain('\nlog_uncommitted_bytes 0\n');
    expect(metrics).toContain('\nlog_retries 0\n');
    expect(metrics).toContain('\nlog_dropped_lines 0\n');
    expect(metrics).toContain('\nlog_failed 0\n');
    expect(Number(/^log_commit_age_seconds (.+)$/m.exec(metrics)?.[1])).toBeLessThan(10);
    expect(await messagesOf(emulator, 'app.log', 'msg')).toEqual(['working']);
  });
});

test('every program in the sections on logging is run', () => {
  const counts = Object.fromEntries(
    [
      'pino',
      'Credentials for the worker',
      'When OSS is slow or gone',
      'winston',
      'Other sources of lines',
      'Shutting down without losing lines',
      'Metrics',
    ].map((heading) => [heading, blocks.get(heading)?.length ?? 0]),
  );

  expect(counts).toEqual({
    pino: 3,
    'Credentials for the worker': 2,
    'When OSS is slow or gone': 0,
    winston: 2,
    'Other sources of lines': 2,
    'Shutting down without losing lines': 3,
    Metrics: 2,
  });
});
