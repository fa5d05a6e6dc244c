import type { ChildProcess } from 'node:child_process';

/**
 * Tells a process to stop in the way that npm and `timeout` do: with a second signal, when it has
 * seen the first.
 */
export function stopTwice(child: ChildProcess): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGTERM'), 50);
}
