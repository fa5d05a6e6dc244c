import type {
  AppendClient,
  AppendObjectOptions,
  AppendReceipt,
  GetObjectOptions,
  ObjectState,
  RequestOptions,
} from '../append/append-client.js';
import type { OssClient } from '../oss/oss-client.js';
import { type ChunkedClaim, landedLength } from './replay-plan.js';

/**
 * Appends the chunks of a replay, and only at the boundaries between them.
 *
 * When OSS refuses a position, a stream takes bytes there that begin like its chunk for a part of
 * the chunk. But OSS stores a chunk as a whole or not at all, so another writer appended them.
 */
export class ReplayClient implements AppendClient {
  readonly #client: OssClient;
  readonly #claim: ChunkedClaim;
  readonly #refuse: (actualLength: number) => Error;

  /** @param refuse Creates the error for an object that is longer than the chunks that landed. */
  constructor(client: OssClient, claim: ChunkedClaim, refuse: (actualLength: number) => Error) {
    this.#client = client;
    this.#claim = claim;
    this.#refuse = refuse;
  }

  async appendObject(
    key: string,
    position: number,
    body: Uint8Array,
    options?: AppendObjectOptions,
  ): Promise<AppendReceipt> {
    const before = position - this.#claim.position;
    // An append of 0 bytes is a probe.
    if (body.byteLength > 0 && landedLength(this.#claim, before) !== before) {
      throw Object.assign(this.#refuse(position), { outcome: 'fatal' } as const);
    }
    return this.#client.appendObject(key, position, body, options);
  }

  headObject(key: string, options?: RequestOptions): Promise<ObjectState | undefined> {
    return this.#client.headObject(key, options);
  }

  getObject(key: string, options?: GetObjectOptions): ReturnType<AppendClient['getObject']> {
    return this.#client.getObject(key, options);
  }

  sealAppendObject(key: string, position: number, options?: RequestOptions): Promise<void> {
    return this.#client.sealAppendObject(key, position, options);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
