import { join } from 'node:path';
import { type FileSystem, listFolder, type OpenFile, withFile } from './file-system.js';

/**
 * Bytes in one segment. A growing memfs file is copied into a buffer of twice the size, so one long
 * file would block an append now and then, longer each time.
 */
const segmentSize = 4 * 2 ** 20;

/** Bytes per read. */
const readSize = 2 ** 20;

/**
 * The bytes of one object, split into segment files of equal size:
 *
 * ```
 * position   0           4 MiB         8 MiB
 *            │ NAME.000000 │ NAME.000001 │ NAME.000002 …
 * ```
 *
 * Does not know its length: bytes after the length in the record of its owner are invalid, and the
 * next write overwrites them.
 */
export class SegmentedFile {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #name: string;
  #readers = 0;

  /** Set by {@link remove}; the last reader deletes the segments. */
  #isRemoved = false;

  /** @param name Distinguishes the segments of this file from others in `folder`. */
  constructor(files: FileSystem, folder: string, name: string) {
    this.#files = files;
    this.#folder = folder;
    this.#name = name;
  }

  async write(position: number, pieces: readonly Uint8Array[]): Promise<void> {
    let start = position;
    for (const run of cutAtSegments(position, pieces)) {
      const offset = start % segmentSize;
      const file = { path: this.#segmentPath(start), flags: offset === 0 ? 'w' : 'r+' };
      await withFile(this.#files, file, (segment) => writeFully(segment, run, offset));
      start += byteLengthOf(run);
    }
  }

  /** Reads `[start, end)`, even if the file is removed meanwhile. */
  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    this.#readers++;
    try {
      for (let position = start; position < end; ) {
        const offset = position % segmentSize;
        const length = Math.min(end - position, segmentSize - offset, readSize);
        const file = { path: this.#segmentPath(position), flags: 'r' };
        yield await withFile(this.#files, file, (segment) => readFully(segment, offset, length));
        position += length;
      }
    } finally {
      this.#readers--;
      await this.#deleteIfUnused();
    }
  }

  /**
   * Deletes the bytes when the last reader has finished.
   *
   * @returns Whether they were deleted at once.
   */
  async remove(): Promise<boolean> {
    this.#isRemoved = true;
    await this.#deleteIfUnused();
    return this.#readers === 0;
  }

  /**
   * Deletes all bytes after `length`, and all files in the folder except `kept` and the segments of
   * this file.
   *
   * @throws {Error} If there are fewer bytes than `length`.
   */
  async restore(length: number, kept: string): Promise<void> {
    const segmentCount = Math.ceil(length / segmentSize);
    const segments = Array.from({ length: segmentCount }, (_, index) => this.#segmentName(index));
    const expected = new Set([kept, ...segments]);
    for (const name of await listFolder(this.#files, this.#folder)) {
      if (!expected.has(name)) await this.#delete(name);
    }
    for (const [index, name] of segments.entries()) {
      const size = Math.min(segmentSize, length - index * segmentSize);
      const path = join(this.#folder, name);
      await withFile(this.#files, { path, flags: 'r+' }, async (segment) => {
        const actual = Number((await segment.stat()).size);
        if (actual < size) {
          throw new Error(`Cannot open ${path}: it holds ${actual} bytes and should hold ${size}`);
        }
        if (actual > size) await segment.truncate(size);
      });
    }
  }

  async #deleteIfUnused(): Promise<void> {
    if (!this.#isRemoved || this.#readers > 0) return;
    for (const name of await listFolder(this.#files, this.#folder)) {
      if (name.startsWith(`${this.#name}.`)) await this.#delete(name);
    }
  }

  async #delete(name: string): Promise<void> {
    await this.#files.promises.rm(join(this.#folder, name), { recursive: true, force: true });
  }

  #segmentPath(position: number): string {
    return join(this.#folder, this.#segmentName(Math.floor(position / segmentSize)));
  }

  #segmentName(index: number): string {
    return `${this.#name}.${String(index).padStart(6, '0')}`;
  }
}

/** Groups pieces into runs within one segment each; a piece across a boundary is split. */
function* cutAtSegments(
  position: number,
  pieces: readonly Uint8Array[],
): Generator<Uint8Array[], void> {
  let run: Uint8Array[] = [];
  let room = segmentSize - (position % segmentSize);
  for (const piece of pieces) {
    let rest = piece;
    while (rest.byteLength >= room) {
      run.push(rest.subarray(0, room));
      yield run;
      rest = rest.subarray(room);
      run = [];
      room = segmentSize;
    }
    if (rest.byteLength === 0) continue;
    run.push(rest);
    room -= rest.byteLength;
  }
  if (run.length > 0) yield run;
}

function byteLengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

async function writeFully(
  file: OpenFile,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let end = position;
  for (const piece of pieces) {
    for (let done = 0; done < piece.byteLength; ) {
      const { bytesWritten } = await file.write(piece, done, piece.byteLength - done, end);
      done += bytesWritten;
      end += bytesWritten;
    }
  }
}

async function readFully(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done);
    if (bytesRead === 0)
      throw new Error(`Cannot read ${length} bytes: the data ends after ${done}`);
    done += bytesRead;
  }
  return buffer;
}
