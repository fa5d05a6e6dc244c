import type { Leaving } from './logger-case.js';

/** Ends the process in one of the ways that involve no logger. */
export function dieOnPurpose(leaving: Leaving | 'SIGKILL'): void {
  switch (leaving) {
    case 'natural end':
      return;
    case 'uncaught exception':
      setImmediate(() => {
        throw new Error('on purpose');
      });
      return;
    case 'unhandled rejection':
      setImmediate(() => void Promise.reject(new Error('on purpose')));
      return;
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGKILL':
      // Keeps the process alive like a server until the signal arrives.
      setInterval(() => {}, 60_000);
      process.kill(process.pid, leaving);
      return;
    default:
      throw new Error(`Unknown way to end: ${leaving}`);
  }
}
