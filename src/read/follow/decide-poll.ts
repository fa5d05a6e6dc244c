import type { ObjectState } from '../../append/append-client.js';

/** What has been read of an object. */
export interface ReadState {
  /** Bytes read, counted from the start of the object. */
  readonly position: number;

  /** CRC-64 of these bytes; `undefined` if it is unknown. */
  readonly crc64: bigint | undefined;

  /** Whether the object has been seen. */
  readonly exists: boolean;
}

/** Part of an object that has not been read. */
export interface Growth {
  readonly start: number;
  readonly end: number;

  /** CRC-64 of the object up to `end`, if the store returns it. */
  readonly crc64: bigint | undefined;
}

/** What changed about an object that somebody reads, so that reading cannot go on. */
export type Divergence = 'gone' | 'shorter' | 'rewritten';

export type PollDecision =
  /** The object does not exist yet. */
  | { readonly outcome: 'missing' }
  /** It has nothing new. `crc64` is its checksum, if the store returns it. */
  | { readonly outcome: 'unchanged'; readonly crc64: bigint | undefined }
  | { readonly outcome: 'grown'; readonly growth: Growth }
  | { readonly outcome: 'diverged'; readonly divergence: Divergence };

/** Decides what to do after the store was asked for the object. */
export function decidePoll(
  { position, crc64, exists }: ReadState,
  found: Pick<ObjectState, 'length' | 'crc64'> | undefined,
): PollDecision {
  if (found === undefined) {
    return exists ? { outcome: 'diverged', divergence: 'gone' } : { outcome: 'missing' };
  }
  if (found.length < position) return { outcome: 'diverged', divergence: 'shorter' };
  if (found.length > position) {
    const growth = { start: position, end: found.length, crc64: found.crc64 };
    return { outcome: 'grown', growth };
  }
  if (crc64 !== undefined && found.crc64 !== undefined && crc64 !== found.crc64) {
    return { outcome: 'diverged', divergence: 'rewritten' };
  }
  return { outcome: 'unchanged', crc64: found.crc64 };
}
