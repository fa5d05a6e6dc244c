import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface ProcessResult {
  /** The exit code, or the signal that killed the process. */
  readonly exitCode: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves with the output and exit code of a process that was started with pipes. */
export async function resultOf(child: ChildProcess): Promise<ProcessResult> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('The process has no pipes');
  const [output, errors, [exitCode, signal]] = await Promise.all([
    text(stdout),
    text(stderr),
    once(child, 'close'),
  ]);
  return { exitCode: exitCode ?? signal, stdout: output, stderr: errors };
}
