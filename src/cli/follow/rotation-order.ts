import { basename } from 'node:path';
import { type FileState, isSameFile } from './file-state.js';
import type { RotatedFile } from './rotated-files.js';
import { compareNames } from './rotation-name.js';

/**
 * The order in which files were rotated. The times of their last writes and their names say it, and
 * where these contradict each other it is unknown: a process may have written to an old file, or
 * somebody may have made a file of such a name.
 *
 * All comparisons are negative if the first file is the older one, and 0 if nothing tells.
 */
export class RotationOrder {
  /** Oldest first, as far as that is known. */
  readonly files: readonly RotatedFile[];
  readonly #direction: 1 | -1;

  constructor(files: readonly RotatedFile[]) {
    this.#direction = directionOf(files);
    this.files = [...files].sort(
      (a, b) => compareWrites(a.state, b.state) || this.#compareNames(a, b),
    );
  }

  /**
   * Asserts that each of `files` is where it belongs among all files.
   *
   * @param settled Files whose place is known, and before `files`.
   * @throws {Error} If that is unknown.
   */
  assertKnown(files: readonly RotatedFile[], settled: readonly RotatedFile[]): void {
    for (const file of files) {
      for (const other of this.files) {
        if (other === file || settled.includes(other)) continue;
        const byTime = compareWrites(file.state, other.state);
        const byName = this.#compareNames(file, other);
        if (byTime * byName < 0 || (byTime === 0 && byName === 0)) throw unknownOrder(file, other);
      }
    }
  }

  /**
   * Finds the files that had the followed name after `last` had it, oldest first.
   *
   * @param last As it was when it had the name. A later write to it says nothing.
   * @throws {Error} If it is unknown whether a file is one of them, or their order is.
   */
  filesAfter(last: FileState): readonly RotatedFile[] {
    const lastFile = this.files.find(({ state }) => isSameFile(state, last));
    const later = this.files.filter(
      (file) => file !== lastFile && this.#isAfter(file, last, lastFile),
    );
    for (const [index, file] of later.entries()) {
      for (const next of later.slice(index + 1)) {
        const signs = [
          compareWrites(file.state, next.state),
          compareBirths(file.state, next.state),
          this.#compareNames(file, next),
        ];
        if (signs.includes(1) || !signs.includes(-1)) throw unknownOrder(file, next);
      }
    }
    return later;
  }

  #isAfter(file: RotatedFile, last: FileState, lastFile: RotatedFile | undefined): boolean {
    const byBirth = compareBirths(last, file.state);
    const byTime = compareWrites(last, file.state);
    // It would have been created, and written, after `last` was renamed.
    if (byBirth > 0 || byTime > 0) return false;
    const byName = lastFile === undefined ? 0 : this.#compareNames(lastFile, file);
    if (byBirth === 0 && byTime === 0 && byName >= 0) return false;
    if (byBirth < 0 && byName <= 0) return true;
    if (byTime < 0 && byName < 0) return true;
    throw unknownOrder(file, lastFile);
  }

  #compareNames(a: RotatedFile, b: RotatedFile): number {
    return compareNames(a.name, b.name, this.#direction);
  }
}

/**
 * Finds out whether numbers grow with each rotation, as some programs count. Usually `.1` is the
 * newest file, and one file that somebody made by hand proves nothing: so the times of three files
 * at least must say otherwise, or zeros before the numbers, which no program writes that renames
 * all files each time. No times must contradict.
 */
function directionOf(files: readonly RotatedFile[]): 1 | -1 {
  let growing = files.some(({ name }) => name.isPadded) ? 2 : 0;
  for (const [index, a] of files.entries()) {
    for (const b of files.slice(index + 1)) {
      if (a.name.time !== b.name.time) continue;
      const byTime = compareWrites(a.state, b.state);
      const byBirth = compareBirths(a.state, b.state);
      if (byTime * byBirth < 0) continue;
      const vote = (byTime || byBirth) * Math.sign(a.name.number - b.name.number);
      if (vote < 0) return -1;
      growing += vote;
    }
  }
  return growing > 1 ? 1 : -1;
}

function compareWrites(a: FileState, b: FileState): number {
  return compare(a.mtimeNs, b.mtimeNs);
}

/** Not every file system keeps the time of creation. */
function compareBirths(a: FileState, b: FileState): number {
  return a.birthtimeNs === 0n || b.birthtimeNs === 0n ? 0 : compare(a.birthtimeNs, b.birthtimeNs);
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function unknownOrder(file: RotatedFile, other: RotatedFile | undefined): Error {
  const name = basename(file.path);
  const what =
    other === undefined
      ? `it is unknown whether ${name} was rotated before or after what the object has`
      : `it is unknown which of ${name} and ${basename(other.path)} was rotated first: their names and the times of their last writes do not agree`;
  return new Error(
    `Cannot follow the file across rotation: ${what}. Name the rotated files that the object begins with and goes on with, after its address, oldest first`,
  );
}
