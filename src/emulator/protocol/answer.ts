/** An answer to be sent. */
export interface Answer {
  readonly status: number;

  /** Lower-case names; includes `content-length` unless the status forbids a body. */
  readonly headers: Readonly<Record<string, string>>;

  /** Absent for HEAD and where OSS sends none, even if `content-length` is not 0. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
}
