import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileIdentity } from '../run/source.js';
import { type FileState, isSameFile } from './file-state.js';
import { parseRotation, type RotationName } from './rotation-name.js';

/** A file that had the followed name, by its name now. */
export interface RotatedFile {
  readonly path: string;
  readonly name: RotationName;
  readonly state: FileState;
}

/** The files around a path between two rotations. */
export interface Surroundings {
  /** The file that has the path itself; `undefined` if there is none. */
  readonly current: FileIdentity | undefined;

  /** Each file once, in no order; `current` is not among them. */
  readonly rotated: readonly RotatedFile[];
}

/**
 * Finds the files in the folder of `path` that rotation has renamed. A rotation renames several, one
 * after the other: so it looks until it finds the same twice.
 */
export async function findRotated(path: string): Promise<Surroundings> {
  for (let before: Surroundings | undefined; ; ) {
    const found = await lookAround(path);
    if (before !== undefined && isAlike(before, found)) return found;
    before = found;
  }
}

async function lookAround(path: string): Promise<Surroundings> {
  const folder = dirname(path);
  const prefix = basename(path);
  const current = await stat(path, { bigint: true }).catch(() => undefined);
  const rotated: RotatedFile[] = [];
  const linked: RotatedFile[] = [];
  for (const entry of (await readdir(folder)).sort()) {
    const name = entry.startsWith(prefix) ? parseRotation(entry.slice(prefix.length)) : undefined;
    if (name === undefined) continue;
    const file = join(folder, entry);
    const link = await lstat(file).catch(() => undefined);
    const state = await stat(file, { bigint: true }).catch(() => undefined);
    if (link === undefined || !state?.isFile()) continue;
    (link.isSymbolicLink() ? linked : rotated).push({ path: file, name, state });
  }
  const files: RotatedFile[] = [];
  for (const file of [...rotated, ...linked]) {
    const known = [current, ...files.map(({ state }) => state)];
    if (!known.some((it) => it !== undefined && isSameFile(it, file.state))) files.push(file);
  }
  return { current, rotated: files };
}

function isAlike(a: Surroundings, b: Surroundings): boolean {
  return fingerprintOf(a) === fingerprintOf(b);
}

function fingerprintOf({ current, rotated }: Surroundings): string {
  const files = rotated.map(({ path, state }) => `${state.dev}:${state.ino} ${path}`);
  return [`${current?.dev}:${current?.ino}`, ...files].join('\n');
}
