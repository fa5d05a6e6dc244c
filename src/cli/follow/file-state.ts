import type { BigIntStats } from 'node:fs';
import type { FileIdentity } from '../run/source.js';

/** What tells files apart, and when they were created and written. */
export type FileState = Pick<BigIntStats, 'dev' | 'ino' | 'mtimeNs' | 'birthtimeNs'>;

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
