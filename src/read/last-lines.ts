import type { ObjectState } from '../append/append-client.js';
import { divergedError } from './follow/read-errors.js';
import type { ReadRequests } from './read-requests.js';

const lineFeed = 10;

/** Bytes of the first piece, and of the largest one. Pieces double: most lines are short. */
const firstPiece = 64 * 1024;
const largestPiece = 4 * 2 ** 20;

/**
 * Finds where the last `count` lines of an object begin, by reading it backwards piece by piece. It
 * keeps one piece in memory, however long the lines are. The last line needs no line feed.
 *
 * @returns The length of the object for no lines, and 0 if it has no more than `count`.
 * @throws As {@link ReadRequests.range}.
 */
export async function findLastLines(
  requests: ReadRequests,
  key: string,
  { length }: Pick<ObjectState, 'length'>,
  count: number,
): Promise<number> {
  if (count === 0) return length;
  let remaining = count;
  // A line feed at the very end begins no line.
  let end = length - 1;
  for (let size = firstPiece; end > 0; size = Math.min(2 * size, largestPiece)) {
    const start = Math.max(0, end - size);
    const piece = await readPiece(requests, key, start, end);
    for (let at = piece.lastIndexOf(lineFeed); at !== -1; at = indexBefore(piece, at)) {
      if (--remaining === 0) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

function indexBefore(piece: Buffer, at: number): number {
  // A negative offset would count from the end.
  return at === 0 ? -1 : piece.lastIndexOf(lineFeed, at - 1);
}

async function readPiece(
  requests: ReadRequests,
  key: string,
  start: number,
  end: number,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const refuse = (length: number | undefined) =>
    divergedError(
      { key, position: start, provedTo: start },
      length === undefined ? 'gone' : 'shorter',
      length,
    );
  for await (const piece of requests.range(key, { start, end, refuse })) pieces.push(piece);
  return Buffer.concat(pieces);
}
