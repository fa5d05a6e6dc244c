import { isLength } from '../append/retry-policy.js';
import { assertBucketName } from '../oss/endpoint.js';
import { assertObjectKey } from '../oss/request/object-key.js';
import { type Chunking, replayChunkSize } from './replay-plan.js';

/** What the first line of a file of uncommitted bytes says of those behind it. */
export interface SavedHeader {
  readonly bucket: string | undefined;
  readonly key: string;

  /** Where the bytes behind those that have landed belong; `undefined` when nobody knew. */
  readonly position: number | undefined;

  /** Bytes from `position` on that may be in the object all the same. */
  readonly doubtful: number;

  /** Bytes at the head that are known to be in the object. */
  readonly landed: number;

  /** How the bytes behind those are cut into chunks, if a replay of them has begun. */
  readonly replay: Chunking | undefined;

  /** Fields that this version does not know, which stay as they are. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** Reads the first line; `undefined` where it is none of ours. */
export function parseHeader(
  line: string,
): (SavedHeader & { readonly byteLength: number }) | undefined {
  try {
    const { bucket, key, position, byteLength, confirmed, doubtful, landed, replay, ...others } =
      JSON.parse(line);
    if (bucket !== undefined) assertBucketName('replay', bucket);
    assertObjectKey(key);
    const optional = [position, landed].filter((length) => length !== undefined);
    const isComplete =
      (bucket === undefined || typeof bucket === 'string') &&
      [byteLength, doubtful, ...optional].every(isLength) &&
      (landed ?? 0) + doubtful <= byteLength &&
      typeof confirmed === 'boolean' &&
      (replay === undefined || isChunking(replay));
    if (!isComplete) return undefined;
    const known = { bucket, key, position, byteLength, landed: landed ?? 0, others };
    if (replay === undefined && landed !== undefined) {
      // An older replay, which noted no more before it sent all that has not landed in such chunks.
      const chunking = { firstChunkSize: replayChunkSize, chunkSize: replayChunkSize };
      return { ...known, doubtful: byteLength - landed, replay: chunking };
    }
    return { ...known, doubtful: confirmed ? 0 : doubtful, replay };
  } catch {
    return undefined;
  }
}

/** Writes the first line, its end included. */
export function formatHeader(header: SavedHeader, byteLength: number): string {
  const { bucket, key, position, doubtful, landed, replay, others } = header;
  const confirmed = doubtful === 0;
  const known = { bucket, key, position, byteLength, confirmed, doubtful, landed, replay };
  return `${JSON.stringify({ ...known, ...others })}\n`;
}

function isChunking(value: unknown): value is Chunking {
  const { firstChunkSize, chunkSize } = value as Chunking;
  return [firstChunkSize, chunkSize].every((size) => isLength(size) && size > 0);
}
