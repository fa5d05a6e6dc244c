import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DeviceStream, deviceFlags } from '../../src/cli/run/device-stream.js';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { environmentOf, resultOf, runInTerminal, startCommand } from '../helpers/command-line.js';
import { createFolder } from '../helpers/folder.js';
import { openTerminal } from '../helpers/terminal.js';

async function start(): Promise<{ emulator: Emulator; env: Record<string, string> }> {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  return { emulator, env: environmentOf(emulator) };
}

/** Starts the command line and kills it at the end of the test. */
function startMortal(...args: Parameters<typeof startCommand>) {
  const child = startCommand(...args);
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, result: resultOf(child) };
}

/** Resolves when `byteLength` bytes have been appended. */
async function appended({ requests }: Emulator, byteLength: number): Promise<void> {
  const lengths = () =>
    requests.map((request) => (request.operation === 'append' ? request.byteLength : 0));
  await expect.poll(() => lengths().reduce((sum, length) => sum + length, 0)).toBe(byteLength);
}

/** Opens a named pipe as a device: it can have data, have none for now, or be at its end. */
async function openPipe() {
  const path = join(await createFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const stream = new DeviceStream(openSync(path, deviceFlags));
  const writer = openSync(path, constants.O_WRONLY);
  return { stream, writer };
}

describe('a terminal named as a file', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('does not delay the exit after %s while it has no data', async (signal, status) => {
    const { emulator, env } = await start();
    const terminal = await openTerminal();
    const args = ['--flush-interval', '0', 'oss://examplebucket/k', terminal.path];
    const { child, result } = startMortal(args, { env });
    terminal.type('a line\n');
    await appended(emulator, 7);

    child.kill(signal);

    expect(await result).toMatchObject({ exitCode: status });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('a line\n');
  });

  test('gets its uncommitted bytes saved, because it cannot be read again', async () => {
    const { emulator, env } = await start();
    const cwd = await createFolder();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const terminal = await openTerminal();
    const args = ['--fallback', 'rest', '--json', 'oss://examplebucket/k', terminal.path];
    const { result } = startMortal(args, { env, cwd });
    terminal.type('a line\n');

    const { exitCode, stdout, stderr } = await result;

    expect(exitCode).toBe(3);
    expect(stderr).toContain(`Not committed: 7 bytes; saved to ${join(cwd, 'rest')}, after`);
    expect(JSON.parse(stdout).uncommitted).toMatchObject({ file: join(cwd, 'rest') });
    expect(JSON.parse(stdout).uncommitted).not.toHaveProperty('resumeAt');
    expect(String(await readFile(join(cwd, 'rest')))).toMatch(/^\{.+\}\na line\n$/);
  });
});

describe('a file of /proc, which has size 0,', () => {
  test('is read to its end', async () => {
    const { emulator, env } = await start();

    await startMortal(['oss://examplebucket/k', '/proc/version'], { env }).result;

    const content = await emulator.read('examplebucket', 'k');
    expect(String(content)).toBe(await readFile('/proc/version', 'utf8'));
  });

  test('is read as standard input from where another process has stopped', async () => {
    const { emulator, env } = await start();
    const script = '{ read -r first; oss_append oss://examplebucket/k; } < /proc/self/limits';

    await runInTerminal(script, { env });

    const content = await emulator.read('examplebucket', 'k');
    expect(String(content)).toMatch(/^Max cpu time /);
  });
});

describe('a named pipe', () => {
  test('removed while it waits for its writer does not keep the process alive', async () => {
    const { emulator, env } = await start();
    const cwd = await createFolder();
    execFileSync('mkfifo', ['pipe'], { cwd });
    const { child, result } = startMortal(['oss://examplebucket/k', '-', 'pipe'], { env, cwd });
    child.stdin?.end('before the pipe');
    await appended(emulator, 15);
    await rm(join(cwd, 'pipe'));

    child.kill('SIGTERM');

    expect(await result).toMatchObject({ exitCode: 143 });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('before the pipe');
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe('DeviceStream', () => {
  test('reads data as it arrives until the end', async () => {
    const { stream, writer } = await openPipe();
    const pieces: string[] = [];
    stream.on('data', (bytes) => pieces.push(String(bytes)));
    writeSync(writer, 'one');
    await expect.poll(() => pieces).toEqual(['one']);

    writeSync(writer, 'two');
    await expect.poll(() => pieces).toEqual(['one', 'two']);
    closeSync(writer);

    await once(stream, 'end');
    expect(pieces).toEqual(['one', 'two']);
  });

  test('closes while the device has no data', async () => {
    const { stream, writer } = await openPipe();
    onTestFinished(() => closeSync(writer));
    stream.resume();
    await new Promise(setImmediate);

    stream.destroy();

    await once(stream, 'close');
    expect(() => writeSync(writer, 'x')).toThrow('EPIPE');
  });

  test('holds no unread bytes when it is destroyed', async () => {
    const { stream, writer } = await openPipe();
    onTestFinished(() => closeSync(writer));
    writeSync(writer, 'left in the pipe');
    stream.read();

    stream.destroy();

    expect(stream.read()).toBe(null);
    expect(stream.readableLength).toBe(0);
  });

  test('emits the error of the device and is destroyed', async () => {
    const stream = new DeviceStream(openSync('/proc/self/mem', deviceFlags));
    stream.resume();

    const [error] = await once(stream, 'error');

    expect(error).toMatchObject({ code: 'EIO' });
    expect(stream.destroyed).toBe(true);
  });
});
