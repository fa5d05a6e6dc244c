import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

/*
 * Two processes that take turns, like a client and its store, may be scheduled on one processor
 * while another one is idle. Then an append takes half as long again, in some runs and not in
 * others. So the store gets a processor of its own, and the measured process keeps off it.
 */

/**
 * Keeps a process on the first processor, with all its threads.
 *
 * @returns Whether it was possible: it requires `taskset`, from Linux, and a second processor.
 */
export function bindToFirstProcessor(pid: number): Promise<boolean> {
  return taskset('--all-tasks', '--cpu-list', '--pid', '0', `${pid}`);
}

/** Keeps the main thread of a process, and those it starts from now on, off the first processor. */
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
