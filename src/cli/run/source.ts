import type { BigIntStats } from 'node:fs';
import type { Readable } from 'node:stream';

/** Something whose bytes are to be appended. */
export interface Source {
  /** `-` for standard input, otherwise the path. */
  readonly name: string;

  /** Whether a process writes it, which may be about to end too. */
  readonly hasWriter: boolean;

  /** Starts to read it. */
  readonly open: () => Promise<OpenSource>;

  /** Makes an `open()` that waits come to its end. */
  readonly cancel?: () => void;
}

export interface OpenSource {
  readonly stream: Readable;

  /** The file that is read, from its first byte on; `undefined` for what can be read only once. */
  readonly file: FileIdentity | undefined;
}

/** What a name stood for when it was opened. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'>;

/** Bytes of one source, one behind the other. */
export interface SourceRange {
  readonly name: string;

  /** The first byte. */
  readonly start: number;

  /** Behind the last byte. */
  readonly end: number;

  /** As in {@link OpenSource}. */
  readonly file: FileIdentity | undefined;
}
