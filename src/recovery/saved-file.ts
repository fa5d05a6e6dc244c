import {
  accessSync,
  closeSync,
  constants,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { UncommittedBytes } from '../stream/uncommitted-bytes.js';
import { nodeTimers } from '../timers/node-timers.js';

/**
 * Checks, while nothing is lost yet, that a file could be written.
 *
 * @throws {TypeError} If `path` is no string.
 * @throws {RangeError} If not.
 */
export function assertFallback(path: unknown): asserts path is string {
  if (typeof path !== 'string') {
    throw new TypeError(`Cannot keep bytes in a file whose name is no string: it is ${path}`);
  }
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    if (path === '' || isFolder) throw new Error('it is a folder');
  } catch (error) {
    throw new RangeError(`Cannot keep bytes in "${path}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Writes bytes that could not be appended to a new file: one line of JSON that says where they
 * belong, then the bytes as they are. A file that is there is never touched: it may hold what
 * could not be appended before.
 *
 * Synchronous, because it may be the last thing that a process does.
 *
 * @param path Where to, with a number behind it where that is taken. Without it, and where it
 *   cannot be written, the working folder and those for temporary files are tried.
 * @returns Where they are.
 * @throws {Error} If no file could be written.
 */
export function saveUncommitted(
  uncommitted: UncommittedBytes,
  { bucket }: { readonly bucket?: string | undefined },
  path?: string,
): string {
  const { key, position, bytes, confirmed, doubtful } = uncommitted;
  const { byteLength } = bytes;
  const header = JSON.stringify({ bucket, key, position, byteLength, confirmed, doubtful });
  const content = Buffer.concat([Buffer.from(`${header}\n`), bytes]);
  const name = `oss-append-${nodeTimers.date()}-${process.pid}.uncommitted`;
  const places = [
    ...(path === undefined ? [] : [path]),
    name,
    join(tmpdir(), name),
    `/tmp/${name}`,
  ];
  let failure: unknown;
  for (const place of places) {
    try {
      return resolve(writeNew(place, content));
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function writeNew(path: string, content: Buffer): string {
  for (let number = 0; ; number++) {
    const free = number === 0 ? path : `${path}.${number}`;
    try {
      writeWhole(free, content);
      return free;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number >= 1000) throw error;
    }
  }
}

function writeWhole(path: string, content: Buffer): void {
  // What was meant for a bucket may be nobody else's to read.
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, content, { flush: true });
  } catch (error) {
    // Half of it is worse than none. It is ours: opening fails where there is a file.
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
