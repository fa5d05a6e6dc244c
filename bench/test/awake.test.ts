import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { builtProgram } from '../../test/helpers/remote.js';
import { keepAwake } from '../harness/awake.js';

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('keepAwake()', () => {
  test('runs a process for each processor, on Linux, until it is disposed', async () => {
    const { pids, ...wakefulness } = await keepAwake();
    expect(pids).toHaveLength(process.platform === 'linux' ? availableParallelism() : 0);
    expect(pids.every(isRunning)).toBe(true);
    await wakefulness[Symbol.asyncDispose]();
    expect(pids.some(isRunning)).toBe(false);
  });

  test('leaves no process behind when its own process is killed', async () => {
    const program = `
      const { keepAwake } = await import(${JSON.stringify(builtProgram('bench/harness/awake'))});
      const { pids } = await keepAwake();
      process.stdout.write(JSON.stringify(pids), () => process.kill(process.pid, 'SIGKILL'));`;
    const args = ['--input-type=module', '--eval', program];
    const error: { stdout: string } = await promisify(execFile)(process.execPath, args).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    const pids: number[] = JSON.parse(error.stdout);
    await vi.waitFor(() => expect(pids.some(isRunning)).toBe(false), { timeout: 10_000 });
  });

  test('runs no process without `chrt`', async () => {
    vi.stubEnv('PATH', '');
    await using wakefulness = await keepAwake();
    vi.unstubAllEnvs();
    expect(wakefulness.pids).toEqual([]);
  });
});
