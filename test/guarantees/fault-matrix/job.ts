/** What a writer is to do: write the source to an object, in appends of one chunk each. */
export interface Job {
  readonly connection: Connection;
  readonly key: string;

  /** Length of the source. */
  readonly byteLength: number;
  readonly chunkSize: number;

  /** How often a request is tried again. */
  readonly retries: number;

  /** Least milliseconds between two tries. */
  readonly backoff: number;

  /** Milliseconds after which a request is given up. */
  readonly requestTimeout: number;
}

export interface Connection {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly accessKeySecret: string };
}

/** Bytes of one `write()`: not a divisor of the chunk. */
export function writeLength({ chunkSize }: Job): number {
  return Math.ceil(chunkSize / 2.7);
}

/** What a writer says when it is over. */
export interface Report {
  /** Bytes that are in the object; the first ones of the source. */
  readonly committed: number;

  /** Bytes that were written: all of them, unless a stream that had failed took no more. */
  readonly written: number;

  /** SHA-256 of everything that was written. */
  readonly sha256: string;

  /** Why it gave up, if it did. */
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };

  /** Whether the chunk behind the committed bytes is certainly not in the object. */
  readonly isConfirmed: boolean;

  /** SHA-256 of the bytes handed back, in hexadecimal; of nothing where nothing was. */
  readonly restSha256: string;

  /** Bytes up to the last write that was reported as a success to whoever made it. */
  readonly acknowledged: number;
  readonly retries: number;
  readonly reconciles: number;
}
