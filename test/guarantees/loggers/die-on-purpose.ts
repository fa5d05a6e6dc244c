import type { Leaving } from './logger-case.js';

/** Brings the process to its end in the ways that have nothing to do with a logger. */
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
      // A server is there to stay.
      setInterval(() => {}, 60_000);
      process.kill(process.pid, leaving);
      return;
    default:
      throw new Error(`There is no such end: ${leaving}`);
  }
}
