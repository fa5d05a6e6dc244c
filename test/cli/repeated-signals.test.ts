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
    ['npm passes on what the terminal has sent to all', 'SIGINT', 'SIGINT', 130],
    ['timeout signals its child and then the group', 'SIGTERM', 'SIGTERM', 143],
    ['a shell and the kernel say that the terminal is gone', 'SIGHUP', 'SIGHUP', 129],
    ['systemd sends SIGHUP behind SIGTERM', 'SIGTERM', 'SIGHUP', 143],
  ] as const)('commits what was read: %s', async (_, first, second, status) => {
    const { emulator, env } = await start();
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: 300 });
    const child = startCommand(['--chunk-size', '4', '--high-water-mark', '1MiB', url], { env });
    const result = resultOf(child);
    child.stdin?.write('one two three');
    await appended(emulator);

    child.kill(first);
    // When the first has been seen: a process has each signal only once, and in any order.
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill(second);
    child.stdin?.end(' four');

    const { exitCode, stderr } = await result;
    expect(stderr).toMatch(new RegExp(`^Appended 18 bytes in .+ until ${first} `));
    expect(exitCode).toBe(status);
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('one two three four');
  });
});

describe('a second signal that somebody sent on purpose', () => {
  test('leaves at once, and what is not committed can be replayed', async () => {
    const { emulator, env, cwd } = await start();
    const recover = emulator.faults.add({ kind: 'stall', operation: 'append' });
    const args = ['--json', '--fallback', 'rest', '--chunk-size', '4', url];
    const child = startCommand([...args, '--high-water-mark', '8'], { env, cwd });
    const result = resultOf(child);
    // More than the stream takes: a part of it is still on its way there.
    child.stdin?.write('one two three four');
    await appended(emulator);

    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const killedAt = performance.now();
    child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await result;

    expect(performance.now() - killedAt).toBeLessThan(4000);
    expect(exitCode).toBe(99);
    const path = join(cwd, 'rest');
    expect(stderr).toMatch(
      /^oss-append: Not everything could be committed before a second signal, SIGTERM, came\. Nothing was committed, the next position is 0\.\n/,
    );
    expect(stderr).toContain(
      `oss-append: Not committed: 18 bytes, the first of which may be in the object or still get there; saved to ${path}, behind`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 99, signal: 'SIGINT' });
    expect(String(await readFile(path))).toMatch(/^\{.+\}\none two three four$/);
    recover();
    expect(await runCommand(['replay', path], { env })).toMatchObject({ exitCode: 0 });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('one two three four');
  });

  test('saves nothing of a file that still has it', async () => {
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

  test('does not change how the process ends once that is told', async () => {
    const { emulator, env, cwd } = await start();
    emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 });
    // Nobody reads standard output, so the process lives on.
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
    ['the same within a second is one stop', 'SIGINT', 'SIGINT', 999, []],
    ['the same after a second is another', 'SIGINT', 'SIGINT', 1000, ['SIGINT']],
    ['another one is another', 'SIGINT', 'SIGTERM', 1, ['SIGTERM']],
    ['SIGHUP within a second is the same stop', 'SIGTERM', 'SIGHUP', 999, []],
    ['SIGTERM behind SIGHUP is another', 'SIGHUP', 'SIGTERM', 1, ['SIGTERM']],
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
    const hurries: string[] = [];
    const shutdown = new Shutdown({
      onStop: (signal) => stops.push(signal),
      onHurry: (signal) => hurries.push(signal),
    });
    // As if they came from outside, without what others do with them.
    const receive = (signal: NodeJS.Signals) => process.listeners(signal).at(-1)?.(signal);

    receive(first);
    now.mockReturnValue(5000 + delay);
    receive(second);

    expect(stops).toEqual([first]);
    expect(hurries).toEqual(expected);
    expect(shutdown.signal).toBe(first);
  });
});
