/** A writer's task: write the source to an object, one append per chunk. */
export interface Job {
  readonly connection: Connection;
  readonly key: string;

  /** Length of the source. */
  readonly byteLength: number;
  readonly chunkSize: number;

  /** Attempts of a request after the first. */
  readonly retries: number;

  /** Minimum milliseconds between two attempts. */
  readonly backoff: number;

  /** Milliseconds until a request times out. */
  readonly requestTimeout: number;
}

export interface Connection {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
}

/** Bytes of one `write()`: not a divisor of the chunk size, so that the two do not align. */
export function writeLength({ chunkSize }: Job): number {
  return Math.ceil(chunkSize / 2.7);
}

/** A writer's report at its end. */
export interface Report {
  /** Committed bytes: a prefix of the source. */
  readonly committed: number;

  /** Bytes written: the whole source, unless the stream failed before. */
  readonly written: number;

  /** SHA-256 of all bytes written. */
  readonly sha256: string;

  /** Why it gave up, if it did. */
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };

  /** Whether the chunk after the committed bytes is certainly not in the object. */
  readonly isConfirmed: boolean;

  /** Hexadecimal SHA-256 of the bytes handed back, or of zero bytes. */
  readonly restSha256: string;

  /** End of the last write whose callback reported success. */
  readonly acknowledged: number;
  readonly retries: number;
  readonly reconciles: number;
}
