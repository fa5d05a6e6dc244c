import type { AppendClient, ObjectState, RequestOptions } from '../append/append-client.js';
import type { RetryOptions } from '../append/retry-policy.js';
import { loadCrc64 } from '../crc64.js';
import { ObjectReader } from '../read/object-reader.js';
import { retrying } from '../read/retry-request.js';

/** An object and the store that has it. */
export interface ObjectPlace {
  readonly client: AppendClient;
  readonly key: string;
}

export interface AccessOptions
  extends Pick<RequestOptions, 'requestPayer' | 'trafficLimit' | 'signal'> {
  readonly retry: RetryOptions;
}

/** Asks for one object and reads it, as often as the retries allow. */
export class ObjectAccess {
  readonly key: string;
  readonly #client: AppendClient;
  readonly #options: AccessOptions;

  constructor({ client, key }: ObjectPlace, options: AccessOptions) {
    this.key = key;
    this.#client = client;
    this.#options = options;
  }

  /** Resolves with the object's state, or with `undefined` if it does not exist. */
  ask(): Promise<ObjectState | undefined> {
    const { requestPayer, signal } = this.#options;
    return retrying(
      () => this.#client.headObject(this.key, { requestPayer, signal }),
      this.#options,
    );
  }

  /** Creates a reader that checksums everything it reads. */
  async createReader(): Promise<ObjectReader> {
    return new ObjectReader(this.#client, await loadCrc64(), this.#options);
  }

  /** @param ifMatch `etag` that the object must have. */
  read(
    reader: ObjectReader,
    range: { readonly start: number; readonly end: number },
    ifMatch?: string,
  ): AsyncIterable<Buffer> {
    const { requestPayer, trafficLimit, signal } = this.#options;
    return reader.read(this.key, range, { requestPayer, trafficLimit, signal, ifMatch });
  }

  /** Resolves with the object's CRC-64; reads it if its store returns none. */
  async checksumOf({ crc64, length }: ObjectState): Promise<bigint> {
    if (crc64 !== undefined) return crc64;
    const reader = await this.createReader();
    for await (const _ of this.read(reader, { start: 0, end: length }));
    return reader.crc64;
  }
}
