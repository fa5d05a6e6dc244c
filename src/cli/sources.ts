import {
  accessSync,
  closeSync,
  constants,
  createReadStream,
  open,
  openSync,
  type Stats,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { UsageError } from './exit-code.js';
import type { Source } from './source.js';
import { findStandardInput } from './standard-input.js';

/** Bytes read from a file at once. */
const readSize = 2 ** 20;

/**
 * Checks what is to be appended, before anything is read: files by path, `-` for standard input,
 * and standard input where nothing is named.
 *
 * @throws {UsageError} If a file is not there or no file, or standard input cannot be read, is named
 *   twice, or is a terminal that is not named.
 */
export function findSources(names: readonly string[]): readonly Source[] {
  if (names.length === 0) return [findStandardInput({ isNamed: false })];
  if (names.filter((name) => name === '-').length > 1) {
    throw new UsageError('Standard input, "-", can be read only once.');
  }
  // One after the other: there may be more of them than a process may have open.
  return names.map((name) =>
    name === '-' ? findStandardInput({ isNamed: true }) : findFile(name),
  );
}

function findFile(path: string): Source {
  const stats = inspectFile(path);
  if (!stats.isFIFO()) {
    const open = async () => createReadStream(path, { highWaterMark: readSize });
    return { name: path, isTransient: false, open };
  }
  return {
    name: path,
    isTransient: true,
    open: () => openPipe(path),
    cancel: () => closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK)),
  };
}

function inspectFile(path: string): Stats {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) throw new Error('it is a folder');
    if (stats.isSocket()) throw new Error('it is a socket');
    // Opening a pipe waits for its writer, and opening a device may do something to it.
    if (stats.isFile()) closeSync(openSync(path, 'r'));
    else accessSync(path, constants.R_OK);
    return stats;
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/**
 * A named pipe is read as a socket, because a read of a file cannot be called off. Its opening
 * cannot be either: while it waits, not even `process.exit()` ends the process. But a writer ends
 * the wait.
 */
async function openPipe(path: string): Promise<Readable> {
  return new Socket({ fd: await openFile(path), readable: true, writable: false });
}

function openFile(path: string): Promise<number> {
  return promisify(open)(path, 'r');
}
