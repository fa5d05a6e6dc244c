import type { Readable } from 'node:stream';

/**
 * How an append that creates its object dresses it. Sent with that append only: an object that
 * exists is left as it is.
 */
export interface ObjectCreation {
  /** MIME type of the object. */
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;

  /** When caches may no longer serve the object. */
  readonly expires?: Date | undefined;
  readonly acl?: 'default' | 'private' | 'public-read' | 'public-read-write' | undefined;

  /** Cold archives are no choice: OSS cannot append there. */
  readonly storageClass?: 'Standard' | 'IA' | 'Archive' | undefined;

  /** User metadata (`x-oss-meta-*`), at most 8 KB with its names. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;

  /** Object tags. */
  readonly tagging?: Readonly<Record<string, string>> | undefined;
  readonly serverSideEncryption?: 'AES256' | 'KMS' | 'SM4' | undefined;
}

/** The clock of a caller that lets a request take only so long. */
export interface RequestTimeout {
  /** After these, counted from the call, {@link RequestOptions.signal} fires. */
  readonly milliseconds: number;

  /**
   * Stops the clock until the function that it returns is called. For a client that keeps requests
   * waiting for their turn, as one with a bounded number of connections does: under load that may
   * take longer than a request may. Other reasons to abort go on to fire the signal.
   */
  suspend(): () => void;
}

/** What every request of a client understands. */
export interface RequestOptions {
  /**
   * Aborting ends the request at once: `unknown`, or `rejected` if nothing had been sent. Requests
   * that follow one another may come with the same signal.
   */
  readonly signal?: AbortSignal | undefined;

  /** Present where `signal` fires after some time, so that no second clock need run. */
  readonly timeout?: RequestTimeout | undefined;

  /** Says that the requester pays, for buckets that demand it. */
  readonly requestPayer?: 'requester' | undefined;

  /** Bits per second that the store may take for the transfer (OSS's unit). */
  readonly trafficLimit?: number | undefined;
}

export interface AppendObjectOptions extends RequestOptions {
  /** Present when this append may create the object. */
  readonly create?: ObjectCreation | undefined;
}

export interface GetObjectOptions extends RequestOptions {
  /** First byte wanted. */
  readonly start?: number | undefined;

  /** Byte after the last one wanted. */
  readonly end?: number | undefined;
}

/** What a successful append returned. */
export interface AppendReceipt {
  /** Position the next append must name: bytes in the object. */
  readonly nextPosition: number;

  /** CRC-64/XZ of the whole object, where the store tells. `0n` is a value. */
  readonly crc64?: bigint | undefined;

  readonly requestId?: string | undefined;
}

/** An object as the store describes it. */
export interface ObjectState {
  /** Bytes in the object. */
  readonly length: number;

  /** CRC-64/XZ of the whole object, where the store tells. `0n` is a value. */
  readonly crc64?: bigint | undefined;

  /** Whether it is of the kind that can be appended to. */
  readonly appendable: boolean;

  /** Whether it has been sealed against further appends. */
  readonly sealed: boolean;

  /** The store's word for the kind of object, such as `Normal` or `Appendable`. */
  readonly objectType?: string | undefined;

  readonly etag?: string | undefined;
}

export type { AppendFailure, AppendOutcome } from '../errors.js';

/**
 * What the appender needs of a store: compare-and-append on the length of an object.
 *
 * One call is one attempt: a client never retries by itself. A failed call rejects with an
 * {@link AppendFailure}.
 */
export interface AppendClient {
  /**
   * Appends `body` to `key` if the object is exactly `position` bytes long.
   *
   * The client must not touch `body` after its promise has settled.
   */
  appendObject(
    key: string,
    position: number,
    body: Uint8Array,
    options?: AppendObjectOptions,
  ): Promise<AppendReceipt>;

  /** Resolves with the object's state, or with `undefined` where there is no object. */
  headObject(key: string, options?: RequestOptions): Promise<ObjectState | undefined>;

  /** Resolves with a stream of the bytes from `start` up to, and without, `end`. */
  getObject(key: string, options?: GetObjectOptions): Promise<Readable>;

  /** Makes the object refuse further appends, if it is exactly `position` bytes long. */
  sealAppendObject(key: string, position: number, options?: RequestOptions): Promise<void>;

  /**
   * Calls `resume` when the transport has had time to take a body of `byteLength` bytes that was just
   * passed to {@link appendObject}: what is computed before that holds the transfer up. Default: in
   * the next turn of the event loop.
   */
  onBodyTaken?(byteLength: number, resume: () => void): void;

  /** Gives up what the client holds, such as connections. */
  close(): Promise<void>;
}
