import {
  accessSync,
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  open,
  openSync,
  type Stats,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { UsageError } from '../exit-code.js';
import { DeviceStream, deviceFlags } from './device-stream.js';
import type { FileIdentity, OpenSource, Source } from './source.js';
import { findStandardInput } from './standard-input.js';

/** Bytes per read of a file. */
const readSize = 2 ** 20;

/**
 * Finds and checks the sources before any of them is read: files by path, `-` for standard input,
 * and standard input if `names` is empty.
 *
 * @throws {UsageError} If a file or standard input cannot be read, or if standard input is named
 *   twice, or is a terminal and not named.
 */
export function findSources(names: readonly string[]): readonly Source[] {
  if (names.length === 0) return [findStandardInput({ isNamed: false })];
  if (names.filter((name) => name === '-').length > 1) {
    throw new UsageError('Standard input, "-", can be read only once.');
  }
  // Check one after the other: a process may not have that many files open at once.
  return names.map((name) =>
    name === '-' ? findStandardInput({ isNamed: true }) : findFile(name),
  );
}

function findFile(path: string): Source {
  const stats = inspectFile(path);
  if (stats.isFIFO()) return { name: path, hasWriter: true, ...pipeOpening(path) };
  // Files of /proc have size 0, and reading some of them waits for output of the kernel.
  const isDevice = stats.isCharacterDevice() || (stats.isFile() && stats.size === 0);
  const read = isDevice ? () => openDevice(path) : () => openRegularFile(path);
  return { name: path, hasWriter: false, open: read };
}

function inspectFile(path: string): Stats {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) throw new Error('it is a folder');
    if (stats.isSocket()) throw new Error('it is a socket');
    // Do not open others: opening a pipe waits for its writer, and opening a device may affect it.
    if (stats.isFile()) closeSync(openSync(path, 'r'));
    else accessSync(path, constants.R_OK);
    return stats;
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  }
}

async function openRegularFile(path: string): Promise<OpenSource> {
  const fd = await openFile(path, constants.O_RDONLY);
  const stream = createReadStream(path, { fd, highWaterMark: readSize });
  return { stream, file: identityOf(fd) };
}

async function openDevice(path: string): Promise<OpenSource> {
  const fd = await openFile(path, deviceFlags);
  return { stream: new DeviceStream(fd), file: identityOf(fd) };
}

function identityOf(fd: number): FileIdentity | undefined {
  const stats = fstatSync(fd, { bigint: true });
  return stats.isFile() ? stats : undefined;
}

/**
 * A named pipe is read as a socket, because a file read cannot be cancelled. On Linux a socket also
 * waits for the writer. Elsewhere it would read a pipe without a writer as ended, so the pipe is
 * opened with a blocking call. While that blocks, not even `process.exit()` ends the process; but
 * opening the pipe for writing unblocks it.
 */
function pipeOpening(path: string): Pick<Source, 'open' | 'cancel'> {
  const { O_RDONLY, O_RDWR, O_NONBLOCK } = constants;
  const blocks = process.platform !== 'linux';
  const openPipe = async (): Promise<OpenSource> => {
    const fd = await openFile(path, blocks ? O_RDONLY : O_RDONLY | O_NONBLOCK);
    return { stream: new Socket({ fd, readable: true, writable: false }), file: undefined };
  };
  if (!blocks) return { open: openPipe };
  return { open: openPipe, cancel: () => closeSync(openSync(path, O_RDWR | O_NONBLOCK)) };
}

function openFile(path: string, flags: number): Promise<number> {
  return promisify(open)(path, flags);
}
