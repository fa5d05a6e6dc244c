import type { BigIntStats } from 'node:fs';
import type { Readable } from 'node:stream';

/** An input whose bytes are appended. */
export interface Source {
  /** `-` for standard input, otherwise the path. */
  readonly name: string;

  /** Whether another process writes it, which may be about to end too. */
  readonly hasWriter: boolean;

  /** Opens it for reading. */
  readonly open: () => Promise<OpenSource>;

  /** Ends a waiting `open()`. */
  readonly cancel?: () => void;
}

export interface OpenSource {
  readonly stream: Readable;

  /** The file, read from its first byte on; `undefined` if it can be read only once. */
  readonly file: FileIdentity | undefined;
}

/** Identifies the file that a name referred to when it was opened. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'>;

/** A contiguous range of bytes of one source. */
export interface SourceRange {
  readonly name: string;

  /** Offset of the first byte. */
  readonly start: number;

  /** Offset after the last byte. */
  readonly end: number;

  /** As in {@link OpenSource}. */
  readonly file: FileIdentity | undefined;
}
