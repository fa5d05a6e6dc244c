import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Shutdown } from '../../src/cli/run/shutdown.js';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { environmentOf, resultOf, runCommand, startCommand } from '../helpers/command-line.js';

async function start(): Promise<{ emulator: Emulator; env: Record<string, string>; cwd: string }> {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const cwd = await mkdtemp(join(tmpdir(), 'oss-append-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  return { emulator, env: environmentOf(emulator), cwd };
}

/** Resolves when an append has been sent. */
async function appended({ requests }: Emulator): Promise<void> {
  await expect.poll(() => requests.map(({ operation }) => operation)).toContain('append');
}

const url = 'oss://examplebucket/k';

describe('one stop that arrives as two signals', () => {
  test.each([
    ['npm forwards a signal that the terminal has sent to all', 'SIGINT', 'SIGINT', 130],
    ['timeout signals its child and then the group', 'SIGTERM', 'SIGTERM', 143],
    ['shell and kernel both report that the terminal is gone', 'SIGHUP', 'SIGHUP', 129],
    ['systemd sends SIGHUP after SIGTERM', 'SIGTERM', 'SIGHUP', 143],
  ] as const)('commits all bytes that were read: %s', async (_, first, second, status) => {
    const { emulator, env } = await start();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 300 });
    const child = startCommand(['--chunk-size', '4', '--high-water-mark', '1MiB', url], { env });
    const result = resultOf(child);
    child.stdin?.write('one two three');
    await appended(emulator);

    child.kill(first);
    // Wait until the first was handled: pending signals are delivered once each, in any order.
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill(second);
    child.stdin?.end(' four');

    const { exitCode, stderr } = await result;
    expect(stderr).toMatch(new RegExp(`^Appended 18 bytes in .+ until ${first} `));
    expect(exitCode).toBe(status);
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('one two three four');
  });
});

describe('a second signal sent on purpose', () => {
  test('ends the run at once, and uncommitted bytes can be replayed', async () => {
    const { emulator, env, cwd } = await start();
    const recover = emulator.faults.add({ kind: 'stall', operation: 'append' });
    const args = [
      '--json',
      '--fallback',
      'rest',
      '--chunk-size',
      '4',
      '--shutdown-timeout',
      '60s',
      url,
    ];
    const child = startCommand([...args, '--high-water-mark', '8'], { env, cwd });
    const result = resultOf(child);
    // More than the stream accepts: the rest is still in the pump.
    child.stdin?.write('one two three four');
    await appended(emulator);

    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const killedAt = performance.now();
    child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await result;

    expect(performance.now() - killedAt).toBeLessThan(30_000);
    expect(exitCode).toBe(99);
    const path = join(cwd, 'rest');
    expect(stderr).toMatch(
      /^oss-append: Not everything could be committed before a second signal, SIGTERM, came\. Nothing was committed, the next position is 0\.\n/,
    );
    expect(stderr).toContain(
      `oss-append: Not committed: 18 bytes, the first of which may be in the object or may still arrive there; saved to ${path}, after`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 99, signal: 'SIGINT' });
    expect(String(await readFile(path))).toMatch(/^\{.+\}\none two three four$/);
    recover();
    expect(await runCommand(['replay', path], { env })).toMatchObject({ exitCode: 0 });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('one two three four');
  });

  test('does not save bytes that their file still has', async () => {
    const { emulator, env, cwd } = await start();
    emulator.faults.add({ kind: 'stall', operation: 'append' });
    const child = startCommand([url, join(import.meta.dirname, 'help.test.ts')], { env, cwd });
    const result = resultOf(child);
    await appended(emulator);

    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');

    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(99);
    expect(stderr).toContain('help.test.ts has them, from byte 0 on.\n');
    expect(await readdir(cwd)).toEqual([]);
  });

  test('does not change the exit code once the result is reported', async () => {
    const { emulator, env, cwd } = await start();
    emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 });
    // Standard output is not read, so the process stays alive.
    const args = ['--tee', '--chunk-size', '64KiB', '--fallback', 'rest', url];
    const child = startCommand(args, { env, cwd });
    let stderr = '';
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    child.stdin?.on('error', () => {});
    child.stdin?.write(Buffer.alloc(2_000_000));
    await expect.poll(() => stderr).toContain('saved to ');

    child.kill('SIGTERM');

    const exitCode = await new Promise((resolve) => child.once('exit', resolve));
    expect(exitCode).toBe(1);
  });
});

describe('Shutdown', () => {
  test.each([
    ['the same signal within a second belongs to the same stop', 'SIGINT', 'SIGINT', 999, []],
    ['the same signal after a second forces the exit', 'SIGINT', 'SIGINT', 1000, ['SIGINT']],
    ['a different signal forces the exit', 'SIGINT', 'SIGTERM', 1, ['SIGTERM']],
    ['SIGHUP within a second belongs to the same stop', 'SIGTERM', 'SIGHUP', 999, []],
    ['SIGTERM after SIGHUP forces the exit', 'SIGHUP', 'SIGTERM', 1, ['SIGTERM']],
  ] as const)('%s', (_, first, second, delay, expected) => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
    onTestFinished(() => {
      now.mockRestore();
      for (const signal of signals) {
        for (const listener of process.listeners(signal)) {
          if (!before.get(signal)?.includes(listener)) process.off(signal, listener);
        }
      }
    });
    const stops: string[] = [];
    const forced: string[] = [];
    const shutdown = new Shutdown({
      onStop: (signal) => stops.push(signal),
      onForce: (signal) => forced.push(signal),
    });
    // Call this listener alone: a real signal would also reach those of the test runner.
    const receive = (signal: NodeJS.Signals) => process.listeners(signal).at(-1)?.(signal);

    receive(first);
    now.mockReturnValue(5000 + delay);
    receive(second);

    expect(stops).toEqual([first]);
    expect(forced).toEqual(expected);
    expect(shutdown.signal).toBe(first);
  });
});
