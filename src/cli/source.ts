import type { Readable } from 'node:stream';

/** Something whose bytes are to be appended. */
export interface Source {
  /** `-` for standard input, otherwise the path. */
  readonly name: string;

  /** Whether its bytes cannot be had again once they have been read. */
  readonly isTransient: boolean;

  /** Starts to read it. A named pipe waits for its writer. */
  readonly open: () => Promise<Readable>;

  /** Makes an `open()` that waits come to its end. */
  readonly cancel?: () => void;
}
