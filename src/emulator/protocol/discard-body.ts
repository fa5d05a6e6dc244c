import type { IncomingMessage } from 'node:http';

/** Most bytes and milliseconds spent on discarding a body. */
const maxDiscarded = 64 * 2 ** 20;
const discardTimeout = 5000;

/**
 * Reads and discards the rest of a body, so that a client that is still sending gets the answer
 * instead of a reset. Resolves with `false` if a limit is exceeded.
 */
export function discardBody(incoming: IncomingMessage): Promise<boolean> {
  if (incoming.complete || incoming.destroyed) return Promise.resolve(true);
  return new Promise((resolve) => {
    let byteLength = 0;
    const timer = setTimeout(() => finish(false), discardTimeout);
    const onData = (piece: Buffer) => {
      byteLength += piece.byteLength;
      if (byteLength > maxDiscarded) finish(false);
    };
    const onEnd = () => finish(true);
    const finish = (isEmpty: boolean) => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', onEnd).off('close', onEnd);
      resolve(isEmpty);
    };
    incoming.on('data', onData).on('end', onEnd).on('close', onEnd);
    incoming.resume();
  });
}
