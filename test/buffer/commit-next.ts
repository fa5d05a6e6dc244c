import type { WriteBuffer } from '../../src/buffer/write-buffer.js';

/** Commits the next bytes of a stream whose only object was empty when it was opened. */
export function commitNext(buffer: WriteBuffer, byteLength: number): void {
  const start = buffer.bytesCommitted;
  buffer.commit({ key: 'a.log', start, end: start + byteLength });
}
