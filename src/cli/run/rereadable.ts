import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { deviceFlags } from './device-stream.js';
import type { SourceRange } from './source.js';

/** Bytes compared at once. */
const pieceSize = 2 ** 20;

/**
 * Finds those ranges that can be read again from where they were read.
 *
 * @param bytes What was read, all ranges one behind the other.
 */
export function findRereadable(
  ranges: readonly SourceRange[],
  bytes: Uint8Array,
): readonly SourceRange[] {
  let offset = 0;
  return ranges.filter((range) => {
    const start = offset;
    offset += range.end - range.start;
    return isRereadable(range, bytes.subarray(start, offset));
  });
}

/** Whether there is something from `start` on, as far as a look at the file's length tells. */
export function hasMore({ name, start }: Pick<SourceRange, 'name' | 'start'>): boolean {
  return start === 0 || (statSync(name, { throwIfNoEntry: false })?.size ?? 0) > start;
}

/**
 * Whether the file is the same, and has the same bytes. A file that is truncated and written anew,
 * as by logrotate's `copytruncate`, keeps its identity; so the bytes decide.
 */
function isRereadable({ name, file, start, end }: SourceRange, bytes: Uint8Array): boolean {
  if (file === undefined || bytes.byteLength !== end - start) return false;
  try {
    // As a device, because that may be what the name stands for by now.
    const fd = openSync(name, deviceFlags);
    try {
      const { dev, ino, size } = fstatSync(fd, { bigint: true });
      return dev === file.dev && ino === file.ino && size >= end && holds(fd, start, bytes);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Whatever the reason: what cannot be read now has to be kept elsewhere.
    return false;
  }
}

function holds(fd: number, start: number, bytes: Uint8Array): boolean {
  const piece = Buffer.allocUnsafe(Math.min(pieceSize, bytes.byteLength));
  for (let offset = 0; offset < bytes.byteLength; ) {
    const expected = bytes.subarray(offset, offset + pieceSize);
    const length = readSync(fd, piece, 0, expected.byteLength, start + offset);
    if (length === 0 || !piece.subarray(0, length).equals(expected.subarray(0, length))) {
      return false;
    }
    offset += length;
  }
  return true;
}
