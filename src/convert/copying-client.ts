import type {
  AppendClient,
  AppendObjectOptions,
  AppendReceipt,
  CopiedCreation,
  GetObjectOptions,
  ObjectState,
  RequestOptions,
} from '../append/append-client.js';

/**
 * Creates objects with headers and metadata of another one, unless an append names others. Beside
 * the stream, whose options cannot name every value that a header may have.
 */
export class CopyingClient implements AppendClient {
  readonly #client: AppendClient;
  readonly #copied: CopiedCreation;
  declare readonly onBodyTaken?: NonNullable<AppendClient['onBodyTaken']>;

  constructor(client: AppendClient, copied: CopiedCreation) {
    this.#client = client;
    this.#copied = copied;
    if (client.onBodyTaken !== undefined) this.onBodyTaken = client.onBodyTaken.bind(client);
  }

  appendObject(
    key: string,
    position: number,
    body: Uint8Array,
    { create, ...options }: AppendObjectOptions = {},
  ): Promise<AppendReceipt> {
    const copied = create && { ...this.#copied, ...create };
    return this.#client.appendObject(key, position, body, { ...options, create: copied });
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
