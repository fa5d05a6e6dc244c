import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import {
  environmentOf,
  resultOf,
  runCommand,
  runInTerminal,
  startCommand,
} from '../helpers/command-line.js';
import { createFolder } from '../helpers/folder.js';

async function start(): Promise<{ emulator: Emulator; env: Record<string, string> }> {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  return { emulator, env: environmentOf(emulator) };
}

/** Resolves when the object has been opened, after which standard input is read. */
async function opened({ requests }: Emulator): Promise<void> {
  await expect.poll(() => requests.some(({ operation }) => operation === 'head')).toBe(true);
}

/** Resolves when an append has been sent. */
async function appended({ requests }: Emulator): Promise<void> {
  await expect.poll(() => requests.some(({ operation }) => operation === 'append')).toBe(true);
}

describe('a signal in the middle of a stream', () => {
  /**
   * The command line reads from a named pipe that a producer keeps full of numbers. Numbers that it
   * read must be in the object, all others still in the pipe: together they have no gap.
   */
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s loses no bytes that were read', async (signal, status) => {
    const { emulator, env } = await start();
    // Slow enough for every buffer on the way to be full.
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 100 });
    const pipe = join(await createFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const keeper = openSync(pipe, constants.O_RDWR);
    const input = openSync(pipe, constants.O_RDONLY);
    const producer = spawn('seq', ['1', '100000000'], { stdio: ['ignore', keeper, 'ignore'] });
    const args = ['--chunk-size', '64KiB', '--high-water-mark', '256KiB', 'oss://examplebucket/k'];
    const child = startCommand(args, { env, stdio: [input, 'pipe', 'pipe'] });
    const result = resultOf(child);
    await expect
      .poll(() => emulator.requests.filter(({ operation }) => operation === 'append').length)
      .toBeGreaterThan(4);

    child.kill(signal);
    const { exitCode, stderr } = await result;
    producer.kill('SIGKILL');
    await once(producer, 'close');
    closeSync(keeper);
    const unread = readToEnd(input);

    expect(exitCode).toBe(status);
    expect(stderr).toMatch(new RegExp(`^Appended \\d+ bytes in .+ until ${signal} `));
    const content = await emulator.read('examplebucket', 'k');
    expect(unread.byteLength).toBeGreaterThan(0);
    const numbers = Buffer.concat([content, unread]).toString();
    const count = numbers.split('\n').length - 1;
    expect(numbers.startsWith(numbersUpTo(count))).toBe(true);
  });
});

function numbersUpTo(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('');
}

function readToEnd(fd: number): Buffer {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = Buffer.alloc(65_536);
    const length = readSync(fd, piece);
    if (length === 0) break;
    pieces.push(piece.subarray(0, length));
  }
  closeSync(fd);
  return Buffer.concat(pieces);
}

const statuses = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

describe.each(statuses)('%s', (signal, status) => {
  test('lets upstream processes write their last output', async () => {
    const { emulator, env } = await start();
    const child = startCommand(['--flush-interval', '0', 'oss://examplebucket/k'], { env });
    const result = resultOf(child);
    child.stdin?.write('before ');
    await appended(emulator);

    child.kill(signal);
    setTimeout(() => child.stdin?.end('and after'), 300);

    expect(await result).toMatchObject({ exitCode: status });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('before and after');
  });

  test('does not wait for upstream processes for ever', async () => {
    const { emulator, env } = await start();
    const child = startCommand(['--flush-interval', '0', 'oss://examplebucket/k'], { env });
    const result = resultOf(child);
    child.stdin?.write('and no end');
    await appended(emulator);

    child.kill(signal);

    expect(await result).toMatchObject({ exitCode: status });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('and no end');
  });
});

describe('a stop', () => {
  test('reserves half of a short --shutdown-timeout for upstream processes and half for the commit', async () => {
    const { emulator, env } = await start();
    const args = ['--flush-interval', '0', '--shutdown-timeout', '900ms', 'oss://examplebucket/k'];
    const child = startCommand(args, { env });
    const result = resultOf(child);
    child.stdin?.write('and no end');
    await appended(emulator);

    child.kill('SIGTERM');

    expect(await result).toMatchObject({ exitCode: 143 });
  });

  test('reads standard input to its end, and no file named after it', async () => {
    const { emulator, env } = await start();
    const cwd = await createFolder();
    await writeFile(join(cwd, 'next'), 'not this');
    const args = ['--flush-interval', '0', 'oss://examplebucket/k', '-', 'next'];
    const child = startCommand(args, { env, cwd });
    const result = resultOf(child);
    child.stdin?.write('before ');
    await appended(emulator);

    child.kill('SIGTERM');
    child.stdin?.end('and after');

    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(143);
    expect(stderr).toContain('Not read: next.\n');
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('before and after');
  });

  test('from a keyboard ends the whole pipeline, and everything is committed', async () => {
    const { emulator, env } = await start();
    const upstream =
      'sh -c \'trap "echo goodbye; sleep 0.3; exit" INT; echo hello; while :; do sleep 0.05; done\'';

    const { exitCode, screen } = await runInTerminal(
      `${upstream} | oss_append --flush-interval 0 oss://examplebucket/k`,
      {
        env,
        keys: (terminal) => {
          void appended(emulator).then(() => terminal.stdin?.write('\u0003'));
        },
      },
    );

    expect(screen).toMatch(/Appended 14 bytes in .+ until SIGINT /);
    expect(exitCode).toBe(130);
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('hello\ngoodbye\n');
  });
});

/** Runs before the program, and sends a signal when it has printed its result. */
const signalAtTheEnd = `
const { write } = process.stdout;
process.stdout.write = (...args) => {
  process.nextTick(() => process.emit('SIGTERM', 'SIGTERM'));
  return write.apply(process.stdout, args);
};
`;

test('a signal after everything was committed does not change the exit status', async () => {
  const { env } = await start();
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(signalAtTheEnd)}`;
  const args = ['--json', '--quiet', 'oss://examplebucket/k'];

  const result = await runCommand(args, { env: { ...env, NODE_OPTIONS }, input: 'one' });

  expect(JSON.parse(result.stdout)).toMatchObject({ bytesWritten: 3, exitCode: 0 });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
});

describe('a shutdown', () => {
  test('before the object is open exits without reading', async () => {
    const { emulator, env } = await start();
    emulator.faults.add({ kind: 'stall', operation: 'head' });
    const child = startCommand(['oss://examplebucket/k'], { env });
    const result = resultOf(child);
    child.stdin?.write('unread');
    await opened(emulator);

    child.kill('SIGTERM');

    expect(await result).toEqual({
      exitCode: 143,
      stdout: '',
      stderr: 'Stopped by SIGTERM before anything was read.\n',
    });
  });

  test('that takes too long saves uncommitted bytes to a file and prints a command to replay them', async () => {
    const { emulator, env } = await start();
    const cwd = await createFolder();
    await runInTerminal('printf "before " | oss_append oss://examplebucket/k', { env });
    emulator.requests.length = 0;
    emulator.faults.add({ kind: 'drop-request', operation: 'append' });
    const args = [
      '--shutdown-timeout',
      '500ms',
      '--json',
      '--fallback',
      'rest',
      'oss://examplebucket/k',
    ];
    const child = startCommand(args, { env, cwd });
    const result = resultOf(child);
    child.stdin?.write('not yet');
    await appended(emulator);

    child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await result;

    expect(exitCode).toBe(99);
    const [why, where, ...more] = stderr.trimEnd().split('\n');
    expect(why).toMatch(
      /^oss-append: Not everything could be committed within 500 ms of the signal: .+ the next position is 7\.$/,
    );
    expect(where).toMatch(
      /^oss-append: Not committed: 7 bytes, the first of which may be in the object or may still arrive there; saved to \/.+\/rest, after a first line that says where they belong\. To append them: oss-append replay \/.+\/rest$/,
    );
    expect(more).toEqual([]);
    expect(JSON.parse(stdout)).toMatchObject({
      exitCode: 99,
      signal: 'SIGTERM',
      error: { name: 'ShutdownTimeoutError', code: 'APPEND_ERR_SHUTDOWN_TIMEOUT' },
      uncommitted: { position: 7, byteLength: 7, confirmed: false, file: join(cwd, 'rest') },
    });
    expect(String(await readFile(join(cwd, 'rest')))).toBe(
      '{"bucket":"examplebucket","key":"k","position":7,"byteLength":7,"confirmed":false,"doubtful":7}\nnot yet',
    );
    expect((await stat(join(cwd, 'rest'))).mode & 0o777).toBe(0o600);

    emulator.faults.clear();
    const advice = /To append them.*?: (.+)$/.exec(where ?? '')?.[1] ?? '';
    await runInTerminal(advice.replace('oss-append', 'oss_append'), { env, cwd });

    expect(String(await emulator.read('examplebucket', 'k'))).toBe('before not yet');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'with %s ends the process while a named pipe waits for its writer',
    async (signal) => {
      const { emulator, env } = await start();
      const cwd = await createFolder();
      execFileSync('mkfifo', ['pipe'], { cwd });
      const child = startCommand(['oss://examplebucket/k', '-', 'pipe'], { env, cwd });
      const result = resultOf(child);
      child.stdin?.end('before the pipe');
      await appended(emulator);

      child.kill(signal);

      expect(await result).toMatchObject({ exitCode: signal === 'SIGINT' ? 130 : 143 });
      expect(String(await emulator.read('examplebucket', 'k'))).toBe('before the pipe');
    },
  );

  test('ends in time when the reader of --tee has stopped reading', async () => {
    const { emulator, env } = await start();
    const args = ['--tee', '--shutdown-timeout', '1s', 'oss://examplebucket/k'];
    const child = startCommand(args, { env });
    child.stdin?.on('error', () => {});
    child.stdin?.write(Buffer.alloc(2_000_000));
    child.stderr?.resume();
    await opened(emulator);
    await expect.poll(() => child.stdout?.readableLength).toBeGreaterThan(0);

    child.kill('SIGTERM');

    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(143);
  });
});
