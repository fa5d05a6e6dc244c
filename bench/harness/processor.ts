import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

/**
 * Keeps a process on the first processor, with all its threads, and leaves that to others as well.
 *
 * Where two processes take turns, as a client does with its store, a scheduler may put both on one
 * processor and leave another without work. Then an append takes half as long again, and whose turn
 * it is to suffer changes from run to run.
 *
 * @returns Whether it was possible: Linux alone has `taskset`, and one processor is none to spare.
 */
export async function bindToFirstProcessor(pid: number): Promise<boolean> {
  if (availableParallelism() === 1) return false;
  try {
    const args = ['--all-tasks', '--cpu-list', '--pid', '0', String(pid)];
    await promisify(execFile)('taskset', args);
    return true;
  } catch {
    return false;
  }
}
