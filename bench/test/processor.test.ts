import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { bindToFirstProcessor, keepOffFirstProcessor } from '../harness/processor.js';

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

const isPossible = process.platform === 'linux' && availableParallelism() > 1;
const last = availableParallelism() - 1;

describe.each([
  { bind: bindToFirstProcessor, allowed: '0' },
  { bind: keepOffFirstProcessor, allowed: last === 1 ? '1' : `1-${last}` },
])('$bind.name()', ({ bind, allowed }) => {
  test('changes the processors of a process on Linux with several of them', async () => {
    await using idle = idleProcess();

    expect(await bind(idle.pid)).toBe(isPossible);
    if (!isPossible) return;
    const status = await readFile(`/proc/${idle.pid}/status`, 'utf8');
    expect(/Cpus_allowed_list:\s*(.*)/.exec(status)?.[1]).toBe(allowed);
  });

  test('returns false without `taskset`', async () => {
    await using idle = idleProcess();
    vi.stubEnv('PATH', '');
    expect(await bind(idle.pid)).toBe(false);
    vi.unstubAllEnvs();
  });
});
