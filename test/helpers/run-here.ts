import { vi } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import type { ProcessResult } from './process-result.js';

/** Runs the command line in this process, which is faster than starting another. One at a time. */
export async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ProcessResult> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.stubEnv('TERM', 'dumb'); // Shows no progress.
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  // Each run adds some, which a process of its own would take with it.
  process.stdout.setMaxListeners(0);
  const textOf = ({ mock }: typeof stdout) => mock.calls.map(([text]) => text).join('');
  try {
    const exitCode = await runProgram(args);
    return { exitCode, stdout: textOf(stdout), stderr: textOf(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    vi.unstubAllEnvs();
  }
}
