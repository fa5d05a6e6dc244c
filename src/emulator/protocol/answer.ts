/** What the emulator is going to say, before a byte of it is sent. */
export interface Answer {
  readonly status: number;

  /** Lower-case names; `content-length` is among them wherever a body may be. */
  readonly headers: Readonly<Record<string, string>>;

  /** Absent for HEAD and where OSS sends none, whatever `content-length` says. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
}
