import { isLength } from '../append/retry-policy.js';
import { assertBucketName } from '../oss/endpoint.js';
import { assertObjectKey } from '../oss/request/object-key.js';
import { type Chunking, replayChunkSize } from './replay-plan.js';

/** What a replay does if another writer has appended to the object since. */
export type Conflict = (typeof conflicts)[number];

const conflicts = ['fail', 'rebase', 'rollover'] as const;

/** First line of a file of uncommitted bytes, which describes the bytes behind it. */
export interface SavedHeader {
  readonly bucket: string | undefined;
  readonly key: string;

  /** Position of the first byte that has not landed; `undefined` if it was unknown. */
  readonly position: number | undefined;

  /** Bytes from `position` on that may be in the object nevertheless. */
  readonly doubtful: number;

  /** Leading bytes that are known to be in the object. */
  readonly landed: number;

  /** How the bytes behind those are cut into chunks, if a replay has begun. */
  readonly replay: Chunking | undefined;

  /** The key as the user wrote it, if it makes the keys of several objects. */
  readonly template: string | undefined;

  /** What to do if another writer has appended to the object, as the stream was asked. */
  readonly conflict: Conflict | undefined;

  /** What ends a record, in hex, if records are kept whole. */
  readonly recordDelimiter: string | undefined;

  /** Fields not used by this version, preserved when the file is rewritten. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** Parses the first line; returns `undefined` if it is not such a header. */
export function parseHeader(
  line: string,
): (SavedHeader & { readonly byteLength: number }) | undefined {
  try {
    const { bucket, key, position, byteLength, confirmed, doubtful, landed, replay, ...more } =
      JSON.parse(line);
    const { template, conflict, recordDelimiter, ...others } = more;
    if (bucket !== undefined) assertBucketName('replay', bucket);
    assertObjectKey(key);
    const optional = [position, landed].filter((length) => length !== undefined);
    const isComplete =
      (bucket === undefined || typeof bucket === 'string') &&
      [byteLength, doubtful, ...optional].every(isLength) &&
      (landed ?? 0) + doubtful <= byteLength &&
      typeof confirmed === 'boolean' &&
      (replay === undefined || isChunking(replay)) &&
      (template === undefined || typeof template === 'string') &&
      (conflict === undefined || conflicts.includes(conflict)) &&
      (recordDelimiter === undefined || isHex(recordDelimiter));
    if (!isComplete) return undefined;
    const series = { template, conflict, recordDelimiter, others };
    const known = { bucket, key, position, byteLength, landed: landed ?? 0, ...series };
    if (replay === undefined && landed !== undefined) {
      // Older versions recorded no chunks before they sent the rest in chunks of this size.
      const chunking = { firstChunkSize: replayChunkSize, chunkSize: replayChunkSize };
      return { ...known, doubtful: byteLength - landed, replay: chunking };
    }
    return { ...known, doubtful: confirmed ? 0 : doubtful, replay };
  } catch {
    return undefined;
  }
}

/** Formats the first line, including its line feed. */
export function formatHeader(header: SavedHeader, byteLength: number): string {
  const { bucket, key, position, doubtful, landed, replay, others } = header;
  const { template, conflict, recordDelimiter } = header;
  const confirmed = doubtful === 0;
  const known = { bucket, key, position, byteLength, confirmed, doubtful, landed, replay };
  const series = { template, conflict, recordDelimiter };
  return `${JSON.stringify({ ...known, ...series, ...others })}\n`;
}

function isHex(value: unknown): value is string {
  return typeof value === 'string' && /^([0-9a-f]{2})+$/.test(value);
}

function isChunking(value: unknown): value is Chunking {
  const { firstChunkSize, chunkSize } = value as Chunking;
  return [firstChunkSize, chunkSize].every((size) => isLength(size) && size > 0);
}
