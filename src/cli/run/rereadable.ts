import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { deviceFlags } from './device-stream.js';
import type { SourceRange } from './source.js';

/** Bytes per comparison. */
const pieceSize = 2 ** 20;

/**
 * Finds the ranges whose files still have the bytes that were read.
 *
 * @param bytes The bytes of all ranges, concatenated.
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

/** Whether the file goes on after `start`, judged by its length; `true` for an unread source. */
export function hasMore({ name, start }: Pick<SourceRange, 'name' | 'start'>): boolean {
  return start === 0 || (statSync(name, { throwIfNoEntry: false })?.size ?? 0) > start;
}

/**
 * Whether the file is the same and has the same bytes. Identity alone is no proof: a file that was
 * truncated and written again, as with logrotate's `copytruncate`, keeps it.
 */
function isRereadable({ name, file, start, end }: SourceRange, bytes: Uint8Array): boolean {
  if (file === undefined || bytes.byteLength !== end - start) return false;
  try {
    // Opened like a device, because the name may refer to one by now.
    const fd = openSync(name, deviceFlags);
    try {
      const { dev, ino, size } = fstatSync(fd, { bigint: true });
      return dev === file.dev && ino === file.ino && size >= end && holds(fd, start, bytes);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Any failure to read means that the bytes have to be saved elsewhere.
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
