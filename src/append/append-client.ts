import type { Readable } from 'node:stream';

/**
 * Headers and metadata of an object that an append creates. Sent with that append only: an existing
 * object stays as it is.
 */
export interface ObjectCreation {
  /** MIME type of the object. */
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;

  /** Time after which caches may not serve the object. */
  readonly expires?: Date | undefined;
  readonly acl?: 'default' | 'private' | 'public-read' | 'public-read-write' | undefined;

  /** Without the cold archive classes, in which OSS cannot append. */
  readonly storageClass?: 'Standard' | 'IA' | 'Archive' | undefined;

  /** User metadata (`x-oss-meta-*`), at most 8 KB with its names. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;

  /** Object tags. */
  readonly tagging?: Readonly<Record<string, string>> | undefined;
  readonly serverSideEncryption?: 'AES256' | 'KMS' | 'SM4' | undefined;
}

/** Value of a header: text of printable ASCII, or the bytes of any other. */
export type HeaderValue = string | Uint8Array;

/** Headers and metadata of an object that exists, to create one like it. */
export interface CopiedCreation
  extends Omit<
    ObjectCreation,
    | 'contentType'
    | 'cacheControl'
    | 'contentDisposition'
    | 'contentEncoding'
    | 'expires'
    | 'metadata'
  > {
  readonly contentType?: HeaderValue | undefined;
  readonly cacheControl?: HeaderValue | undefined;
  readonly contentDisposition?: HeaderValue | undefined;
  readonly contentEncoding?: HeaderValue | undefined;

  /** The bytes of the header where it is no date, such as `0`, or written in another way. */
  readonly expires?: Date | Uint8Array | undefined;
  readonly metadata?: Readonly<Record<string, HeaderValue>> | undefined;
}

/** The time limit of a request. */
export interface RequestTimeout {
  /** Milliseconds from the call until {@link RequestOptions.signal} fires. */
  readonly milliseconds: number;

  /**
   * Stops the clock until the returned function is called. For a client that queues requests, such
   * as one with a bounded number of connections: under load, queueing may take longer than the
   * limit. The signal still fires for other reasons to abort.
   */
  suspend(): () => void;
}

/** Options of every request of a client. */
export interface RequestOptions {
  /**
   * Aborting ends the request at once: `unknown`, or `rejected` if nothing had been sent.
   * Successive requests may share a signal.
   */
  readonly signal?: AbortSignal | undefined;

  /** Present if `signal` fires after some time, so that the client needs no timer of its own. */
  readonly timeout?: RequestTimeout | undefined;

  /** Agrees that the requester pays, for buckets that require it. */
  readonly requestPayer?: 'requester' | undefined;

  /** Maximum rate of the transfer in bits per second (OSS's unit). */
  readonly trafficLimit?: number | undefined;
}

export interface AppendObjectOptions extends RequestOptions {
  /**
   * Present when this append may create the object. Bytes among its values occur only where
   * another object is copied.
   */
  readonly create?: CopiedCreation | undefined;

  /**
   * Whether the client should send a checksum of the body (`Content-MD5`), since that of the object
   * cannot tell whether it arrived intact. A store without one ignores it.
   */
  readonly contentMd5?: boolean | undefined;
}

export interface GetObjectOptions extends RequestOptions {
  /** Position of the first byte to return. */
  readonly start?: number | undefined;

  /** Position after the last byte to return. */
  readonly end?: number | undefined;

  /**
   * `etag` that the object must have: the store refuses to return bytes of an object that was
   * replaced. A store without such a condition ignores it.
   */
  readonly ifMatch?: string | undefined;
}

/** Result of a successful append. */
export interface AppendReceipt {
  /** Position the next append must name: length of the object in bytes. */
  readonly nextPosition: number;

  /** CRC-64/XZ of the whole object, if the store returns it. `0n` is a value. */
  readonly crc64?: bigint | undefined;

  readonly requestId?: string | undefined;
}

/** An object as the store describes it. */
export interface ObjectState {
  /** Length of the object in bytes. */
  readonly length: number;

  /** CRC-64/XZ of the whole object, if the store returns it. `0n` is a value. */
  readonly crc64?: bigint | undefined;

  /** Whether the object is of a type that can be appended to. */
  readonly appendable: boolean;

  /** Whether the object has been sealed against further appends. */
  readonly sealed: boolean;

  /** Type of the object, such as `Normal` or `Appendable`. */
  readonly objectType?: string | undefined;

  readonly etag?: string | undefined;

  /**
   * Headers and metadata to create an object like this one, as far as the store returns them. Only
   * for a conversion, which gives them to the new object.
   */
  readonly creation?: CopiedCreation | undefined;
}

export type { AppendFailure, AppendOutcome } from '../errors.js';

/**
 * The operations of a store that the appender needs: compare-and-append on an object's length.
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

  /** Resolves with the object's state, or with `undefined` if it does not exist. */
  headObject(key: string, options?: RequestOptions): Promise<ObjectState | undefined>;

  /** Resolves with a stream of the bytes from `start` up to, but not including, `end`. */
  getObject(key: string, options?: GetObjectOptions): Promise<Readable>;

  /** Makes the object refuse further appends, if it is exactly `position` bytes long. */
  sealAppendObject(key: string, position: number, options?: RequestOptions): Promise<void>;

  /**
   * Calls `resume` when the transport has had time to take a body of `byteLength` bytes that was
   * just passed to {@link appendObject}: computation before that delays the transfer. Default: in
   * the next turn of the event loop.
   */
  onBodyTaken?(byteLength: number, resume: () => void): void;

  /** Releases resources of the client, such as connections. */
  close(): Promise<void>;
}
