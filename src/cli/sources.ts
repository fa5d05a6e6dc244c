import {
  close,
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  open,
  openSync,
  type Stats,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import { UsageError } from './exit-code.js';

/** Something whose bytes are to be appended. */
export interface Source {
  /** `-` for standard input, otherwise the path. */
  readonly name: string;

  /** Whether its bytes cannot be had again once they have been read. */
  readonly isTransient: boolean;

  /** Starts to read it. A named pipe waits for its writer. */
  readonly open: () => Promise<Readable>;

  /** Makes an `open()` that waits come to its end. */
  readonly cancel?: () => void;
}

/** Bytes read from a file at once. */
const readSize = 2 ** 20;

/**
 * Checks what is to be appended, before anything is read: files by path, `-` for standard input,
 * and standard input where nothing is named.
 *
 * @throws {UsageError} If a file is not there or no file, or standard input is a terminal or named
 *   twice.
 */
export async function findSources(names: readonly string[]): Promise<readonly Source[]> {
  if (names.length === 0 || names.includes('-')) assertReadable();
  if (names.length === 0) {
    if (isatty(0)) {
      throw new UsageError(
        'Nothing to append: standard input is a terminal. Name files, pipe something in, or say "-" to type.',
      );
    }
    return [standardInput];
  }
  if (names.filter((name) => name === '-').length > 1) {
    throw new UsageError('Standard input, "-", can be read only once.');
  }
  return Promise.all(names.map((name) => (name === '-' ? standardInput : findFile(name))));
}

function assertReadable(): void {
  if (!fstatSync(0).isDirectory()) return;
  throw new UsageError('Cannot read standard input: it is a folder.');
}

const standardInput: Source = {
  name: '-',
  isTransient: true,
  open: async () => process.stdin,
};

async function findFile(path: string): Promise<Source> {
  const stats = await inspectFile(path);
  if (stats.isDirectory()) throw new UsageError(`Cannot read ${path}: it is a folder.`);
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

async function inspectFile(path: string): Promise<Stats> {
  try {
    const stats = await stat(path);
    // Opening a pipe waits for its writer; that is for later.
    if (!stats.isFIFO()) await promisify(close)(await openFile(path));
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
