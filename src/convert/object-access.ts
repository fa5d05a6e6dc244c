import type { AppendClient, ObjectState } from '../append/append-client.js';
import { loadCrc64, RunningCrc64 } from '../crc64.js';
import { divergedError } from '../read/follow/read-errors.js';
import { ReadRequests, type ReadRequestsOptions } from '../read/read-requests.js';

/** An object and the store that has it. */
export interface ObjectPlace {
  readonly client: AppendClient;
  readonly key: string;
}

export type AccessOptions = Omit<ReadRequestsOptions, 'client' | 'onRetry'>;

/** A part of an object. */
export interface AccessRange {
  readonly start: number;

  /** Exclusive. */
  readonly end: number;

  /** `etag` that the object must have. */
  readonly ifMatch?: string | undefined;
}

/** Asks for one object and reads it, as often as the retries allow. */
export class ObjectAccess {
  readonly key: string;
  readonly #requests: ReadRequests;

  constructor({ client, key }: ObjectPlace, options: AccessOptions) {
    this.key = key;
    this.#requests = new ReadRequests({ ...options, client, onRetry: () => {} });
  }

  /** Resolves with the object's state, or with `undefined` if it does not exist. */
  ask(): Promise<ObjectState | undefined> {
    return this.#requests.head(this.key, undefined);
  }

  /**
   * Reads a part of the object.
   *
   * @param crc64 Gets every piece before it is passed on.
   * @throws {DivergedError} If the object is shorter, or gone.
   */
  async *read(range: AccessRange, crc64: RunningCrc64): AsyncGenerator<Uint8Array> {
    const { key } = this;
    const progress = { key, position: range.start, provedTo: range.start };
    const refuse = (length: number | undefined) =>
      divergedError(progress, length === undefined ? 'gone' : 'shorter', length);
    for await (const piece of this.#requests.range(key, { ...range, refuse })) {
      crc64.add(piece);
      yield piece;
    }
  }

  /** Resolves with the object's CRC-64; reads it if its store returns none. */
  async checksumOf({ crc64, length }: ObjectState): Promise<bigint> {
    if (crc64 !== undefined) return crc64;
    const computed = new RunningCrc64(await loadCrc64());
    for await (const _ of this.read({ start: 0, end: length }, computed));
    return computed.value;
  }
}
