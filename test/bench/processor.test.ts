import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { bindToFirstProcessor } from '../../bench/harness/processor.js';

/** A process that waits to be killed. */
function idleProcess(): { pid: number } & AsyncDisposable {
  const child: ChildProcess = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1e6)']);
  return {
    pid: child.pid as number,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('bindToFirstProcessor()', () => {
  test('leaves a process the first one, where there are others and a way to do it', async () => {
    await using idle = idleProcess();
    const isPossible = process.platform === 'linux' && availableParallelism() > 1;

    expect(await bindToFirstProcessor(idle.pid)).toBe(isPossible);
    if (!isPossible) return;
    const status = await readFile(`/proc/${idle.pid}/status`, 'utf8');
    expect(/Cpus_allowed_list:\s*(.*)/.exec(status)?.[1]).toBe('0');
  });

  test('does without where there is no such way', async () => {
    await using idle = idleProcess();
    vi.stubEnv('PATH', '');
    expect(await bindToFirstProcessor(idle.pid)).toBe(false);
    vi.unstubAllEnvs();
  });
});
