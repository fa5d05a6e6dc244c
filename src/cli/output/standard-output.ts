import { exitCode, exitCodeOfSignal } from '../exit-code.js';

/**
 * Runs a command whose result goes to standard output.
 *
 * @returns The exit code: that of SIGPIPE if the reader has left, as in `cat FILE | head`.
 */
export async function writeToStandardOutput(command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== 'write') throw error;
    // main.ts reports every other write error.
    return code === 'EPIPE' ? exitCodeOfSignal('SIGPIPE') : exitCode.failure;
  }
}
