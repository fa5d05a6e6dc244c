import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { type ProcessResult, resultOf } from './process-result.js';

export interface StartedProgram {
  readonly process: ChildProcess;

  /** Its output and exit code. */
  readonly result: Promise<ProcessResult>;

  /** The first thing it prints. */
  readonly greeting: Promise<string>;

  /** The first thing it prints on standard error. */
  readonly complaint: Promise<string>;
}

/** Starts a program with `env` added to the environment; it is killed when the test ends. */
export function startProgram(
  path: string,
  {
    args = [],
    env = {},
    cwd,
    detached = false,
  }: { args?: string[]; env?: Record<string, string>; cwd?: string; detached?: boolean },
): StartedProgram {
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const greeting = once(child.stdout, 'data').then(String);
  const complaint = once(child.stderr, 'data').then(String);
  return { process: child, result: resultOf(child), greeting, complaint };
}
