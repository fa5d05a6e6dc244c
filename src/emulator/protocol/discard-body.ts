import type { IncomingMessage } from 'node:http';

/** Bytes and milliseconds spent on a body nobody wants. */
const maxDiscarded = 64 * 2 ** 20;
const discardTimeout = 5000;

/**
 * Reads the rest of a body and throws it away, so that a client busy sending sees the answer
 * instead of a reset. Resolves with `false` when there is too much of it.
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
