import { spawn } from 'node:child_process';
import { chmod, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../src/emulator/index.js';
import { environmentOf, runCommand } from './helpers/command-line.js';
import { blockUnder, writePrograms } from './helpers/document-blocks.js';
import { resultOf } from './helpers/process-result.js';

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

async function start(): Promise<Emulator> {
  const emulator = await startEmulator({ buckets: ['logs'] });
  onTestFinished(() => emulator.close());
  return emulator;
}

/** A folder with `oss-append`, and with a program `app` that logs two lines. */
async function createFolder(): Promise<string> {
  const folder = await writePrograms({
    'oss-append': `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`,
    app: '#!/bin/sh\necho started; echo trouble >&2\n',
  });
  for (const name of ['oss-append', 'app']) await chmod(join(folder, name), 0o755);
  return realpath(folder);
}

/** Runs shell commands in a folder whose programs are found by their names. */
function runInFolder(script: string, folder: string, emulator: Emulator) {
  const { OSS_SESSION_TOKEN: _, ...rest } = process.env;
  const PATH = `${folder}${delimiter}${process.env.PATH}`;
  const env = { ...rest, ...environmentOf(emulator), PATH };
  const child = spawn('sh', ['-c', script], { cwd: folder, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  return resultOf(child);
}

/** A session as a page shows it: its commands, and what they print. */
function readSession(block: string) {
  const lines = block.trimEnd().split('\n');
  const isCommand = (line: string) => line.startsWith('$ ');
  return {
    commands: lines.filter(isCommand).map((line) => line.slice(2)),
    printed: lines.filter((line) => !isCommand(line)),
  };
}

/** Without what differs from run to run. */
function withoutAccidents(line: string): string {
  return (
    line
      .replace(/\([\d.]+ m?s\)/, '(… ms)')
      // On a busy machine more chunks are due before they are full.
      .replace(/in \d+ appends?/, 'in … appends')
      .replace(/"duration":\d+/, '"duration":…')
      .replace(/"[0-9A-F]{32}"/, '"…"')
  );
}

/** Runs the commands of a session one by one, and compares what they print with the page. */
async function expectSession(block: string, folder: string, emulator: Emulator): Promise<void> {
  const { commands, printed } = readSession(block);
  const output: string[] = [];
  for (const command of commands) {
    const { stdout, stderr } = await runInFolder(command, folder, emulator);
    output.push(...`${stdout}${stderr}`.split('\n').filter((line) => line !== ''));
  }
  const here = output.map((line) => line.replaceAll(folder, '/home/app'));
  expect(here.map(withoutAccidents)).toEqual(printed.map(withoutAccidents));
}

describe('commands of the README', () => {
  test('append what a program prints, and show it', async () => {
    const emulator = await start();
    const folder = await createFolder();
    const script = await blockUnder('README.md', 'Command line', { language: 'sh' });

    const { exitCode, stdout } = await runInFolder(script, folder, emulator);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^object +oss:\/\/logs\/app\.log\nlength +16 bytes\n/);
    expect(stdout).toMatch(/\nstarted\ntrouble\n$/);
  });
});

describe('sessions of docs/command-line.md', () => {
  const page = 'docs/command-line.md';
  const language = 'console';

  test('Usage 1 prints what the page shows', async () => {
    const emulator = await start();
    const block = await blockUnder(page, 'Usage', { language, index: 1 });

    await expectSession(block, await createFolder(), emulator);
  });

  test('From one object to the next 0 prints what the page shows', async () => {
    const emulator = await start();
    const block = await blockUnder(page, 'From one object to the next', { language });

    await expectSession(block, await createFolder(), emulator);
  });

  test('Tail 0 prints what the page shows', async () => {
    const emulator = await start();

    const block = await blockUnder(page, 'Tail', { language });
    await expectSession(block, await createFolder(), emulator);
  });

  test('Replay 0 prints what the page shows', async () => {
    const emulator = await start();
    const folder = await createFolder();
    const options = { env: environmentOf(emulator), cwd: folder };
    const flags = ['--chunk-size', '4', '--retries', '0', '--fallback', 'rest'];
    // The first chunk is stored, and the command line cannot find out.
    emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 1 });
    emulator.faults.add({ kind: 'error-503', operation: 'head', nth: 2, times: 100 });
    await runCommand([...flags, 'oss://logs/app.log'], { ...options, input: 'one\ntwo\nthree' });
    emulator.faults.clear();

    await expectSession(await blockUnder(page, 'Replay', { language }), folder, emulator);
  });
});

test('the session of docs/emulator.md prints what the page shows', async () => {
  const folder = await createFolder();
  const block = await blockUnder('docs/emulator.md', 'Emulator', { language: 'console' });
  const { commands, printed } = readSession(block);
  const [, ...args] = (commands[0] ?? '').split(' ');
  const free = args.map((argument) => (argument === '9000' ? '0' : argument));
  const child = spawn(process.execPath, [program, ...free], { cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stderr.on('data', (data) => {
    output += data;
  });
  child.stdout.on('data', (data) => {
    output += data;
  });

  await expect.poll(() => output.trimEnd().split('\n').length).toBe(printed.length);

  expect(
    output
      .trimEnd()
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:9000')
      .split('\n'),
  ).toEqual(printed);
});
