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

  /** Ends it where it ends now, if it would otherwise wait for more. Others may follow. */
  readonly finish?: () => void;
}

export interface OpenSource {
  readonly stream: Readable;

  /** The file, if its bytes can be read again. */
  readonly file: FileIdentity | undefined;

  /** Offset of the first byte in the file. @default 0 */
  readonly start?: number;
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
