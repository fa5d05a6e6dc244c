import { fstatSync, openSync, readFileSync, readvSync, type Stats, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { UsageError } from '../exit-code.js';
import { DeviceStream, deviceFlags } from './device-stream.js';
import type { Source } from './source.js';

/**
 * Checks that standard input can be read, without reading it.
 *
 * @param isNamed Whether it was asked for: only then a terminal waits for somebody to type.
 * @throws {UsageError} If it cannot.
 */
export function findStandardInput({ isNamed }: { readonly isNamed: boolean }): Source {
  if (!isNamed && isatty(0)) {
    throw new UsageError(
      'Nothing to append: standard input is a terminal. Name files, pipe something in, or say "-" to type.',
    );
  }
  const stats = fstatSync(0);
  const fault = faultOf(stats);
  if (fault !== undefined) throw new UsageError(`Cannot read standard input: ${fault}.`);
  return {
    name: '-',
    hasWriter: stats.isFIFO() || stats.isSocket(),
    open: async () => ({ stream: openStandardInput(stats), file: undefined }),
  };
}

/** Why it cannot be read, if it cannot: Node.js would take it for one that has nothing. */
function faultOf(stats: Stats): string | undefined {
  if (stats.isDirectory()) return 'it is a folder';
  try {
    // Reads nothing, and fails where nothing can be read. One buffer alone would wait for a terminal.
    readvSync(0, [Buffer.alloc(0), Buffer.alloc(0)]);
  } catch (error) {
    return `it is not open for reading: ${(error as Error).message}`;
  }
  if (isStandIn(stats)) return 'it is closed, or /dev/null that is open for writing too';
  // What Node.js cannot read, such as a datagram socket, it replaces by a stream of nothing.
  if (Object.getPrototypeOf(process.stdin) === Readable.prototype) {
    return stats.isSocket() ? 'it is a socket of datagrams' : 'it is nothing that can be read';
  }
  return undefined;
}

/** Whether it is what Node.js opens when it is started without standard input. */
function isStandIn(stats: Stats): boolean {
  if (process.platform !== 'linux' || !stats.isCharacterDevice()) return false;
  const isWritable = /^flags:\s+\d*2$/m.test(descriptorInfo());
  return isWritable && stats.rdev === statSync('/dev/null').rdev;
}

/**
 * Node.js reads what is neither a terminal, nor a pipe, nor a socket in a thread, which cannot be
 * called off where it may wait: a device, and some of the files of /proc, which have no length.
 */
function openStandardInput(stats: Stats): Readable {
  const isDevice = stats.isCharacterDevice() && !isatty(0);
  const isOfKernel = stats.isFile() && stats.size === 0 && /^pos:\s+0$/m.test(descriptorInfo());
  if (process.platform !== 'linux' || !(isDevice || isOfKernel)) return process.stdin;
  try {
    // Opened anew: the flags of what is open already belong to others too.
    return new DeviceStream(openSync('/proc/self/fd/0', deviceFlags));
  } catch {
    // Whoever started us may have had rights to open it that we have not.
    return process.stdin;
  }
}

/** What Linux tells of it: position and flags. */
function descriptorInfo(): string {
  return readFileSync('/proc/self/fdinfo/0', 'utf8');
}
