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
import { type SeriesOptions, seriesFields } from './saved-series.js';

/** What a file says about the bytes in addition to what the stream hands back with them. */
export interface SavedOrigin {
  readonly bucket?: string | undefined;

  /** Options of the stream. */
  readonly options?: SeriesOptions | undefined;
}

/**
 * Checks early, before any data is at risk, that the file could be written.
 *
 * @throws {TypeError} If `path` is not a string.
 * @throws {RangeError} If the file could not be written.
 */
export function assertFallback(path: unknown): asserts path is string {
  if (typeof path !== 'string') {
    throw new TypeError(`Cannot keep bytes in a file as its name must be a string: it is ${path}`);
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
 * Writes uncommitted bytes to a new file: one line of JSON that says where they belong, then the
 * bytes as they are. Never overwrites an existing file: it may hold the bytes of an earlier
 * failure.
 *
 * Synchronous, because the process may be about to exit.
 *
 * @param path Path of the file; gets a number appended if it exists. Without it, or if it cannot be
 *   written, the working folder and the folders for temporary files are tried.
 * @returns Absolute path of the file.
 * @throws {Error} If no file could be written.
 */
export function saveUncommitted(
  uncommitted: UncommittedBytes,
  { bucket, options }: SavedOrigin,
  path?: string,
): string {
  const { key, position, bytes, confirmed, doubtful } = uncommitted;
  const { byteLength } = bytes;
  const known = { bucket, key, position, byteLength, confirmed, doubtful };
  const header = JSON.stringify({ ...known, ...(options && seriesFields(options)) });
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
  // 0600: the data may be private.
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, content, { flush: true });
  } catch (error) {
    // Remove the partial file: `wx` guarantees that we created it.
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
