import type { ChildProcess } from 'node:child_process';

/**
 * Stops a process as npm and `timeout` do: with a second signal shortly after the first.
 */
export function stopTwice(child: ChildProcess): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGTERM'), 50);
}
