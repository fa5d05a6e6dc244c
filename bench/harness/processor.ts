import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

/*
 * Two processes that take turns, as a client and its store do, may be put on one processor while
 * another one rests. Then an append takes half as long again, and whose turn it is to suffer changes
 * from run to run. So the store gets a processor, and who is measured keeps off it.
 */

/**
 * Keeps a process on the first processor, with all its threads.
 *
 * @returns Whether it was possible: Linux alone has `taskset`, and one processor is none to spare.
 */
export function bindToFirstProcessor(pid: number): Promise<boolean> {
  return taskset('--all-tasks', '--cpu-list', '--pid', '0', `${pid}`);
}

/** Keeps the main thread of a process, and what it starts from now on, off the first processor. */
export function keepOffFirstProcessor(pid: number): Promise<boolean> {
  return taskset('--cpu-list', '--pid', `1-${availableParallelism() - 1}`, `${pid}`);
}

async function taskset(...args: string[]): Promise<boolean> {
  if (availableParallelism() === 1) return false;
  try {
    await promisify(execFile)('taskset', args);
    return true;
  } catch {
    return false;
  }
}
