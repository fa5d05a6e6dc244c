import { execFile } from 'node:child_process';
import { builtProgram } from '../helpers/remote.js';

export interface Ending {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program, which takes half the time of its source under vitest. */
export function runSimulate(args: readonly string[], timeout = 60_000): Promise<Ending> {
  const program = builtProgram('test/simulation/simulate');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { timeout }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}
