import { fstatSync, openSync, readFileSync, readvSync, type Stats, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import { UsageError } from '../exit-code.js';
import { DeviceStream, deviceFlags } from './device-stream.js';
import type { Source } from './source.js';

/**
 * Checks that standard input can be read, without reading it.
 *
 * @param isNamed Whether "-" was named: only then a terminal is read.
 * @throws {UsageError} If it cannot be read.
 */
export function findStandardInput({ isNamed }: { readonly isNamed: boolean }): Source {
  if (!isNamed && isatty(0)) {
    throw new UsageError(
      'Nothing to append: standard input is a terminal. Name files, pipe data in, or name "-" to type.',
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

/** Returns why it cannot be read, if so: Node.js would treat it as empty instead of failing. */
function faultOf(stats: Stats): string | undefined {
  if (stats.isDirectory()) return 'it is a folder';
  try {
    // Reads 0 bytes and fails if reading is impossible. One buffer alone would wait for a terminal.
    readvSync(0, [Buffer.alloc(0), Buffer.alloc(0)]);
  } catch (error) {
    return `it is not open for reading: ${(error as Error).message}`;
  }
  if (isStandIn(stats)) return 'it is closed, or /dev/null opened for writing too';
  // Node.js replaces an unsupported type, such as a datagram socket, by an empty stream.
  if (Object.getPrototypeOf(process.stdin) === Readable.prototype) {
    return stats.isSocket() ? 'it is a datagram socket' : 'its type is not supported';
  }
  return undefined;
}

/** Whether it is the /dev/null that Node.js opens when it is started without standard input. */
function isStandIn(stats: Stats): boolean {
  if (process.platform !== 'linux' || !stats.isCharacterDevice()) return false;
  const isWritable = /^flags:\s+\d*2$/m.test(descriptorInfo());
  return isWritable && stats.rdev === statSync('/dev/null').rdev;
}

/**
 * Node.js reads everything but terminals, pipes and sockets in a thread. Such a read cannot be
 * cancelled while it waits, as it may for a device and for some files of /proc, which have size 0.
 */
function openStandardInput(stats: Stats): Readable {
  const isDevice = stats.isCharacterDevice() && !isatty(0);
  const isKernelFile = stats.isFile() && stats.size === 0 && /^pos:\s+0$/m.test(descriptorInfo());
  if (process.platform !== 'linux' || !(isDevice || isKernelFile)) return process.stdin;
  try {
    // Reopen it: O_NONBLOCK on the descriptor itself would affect all processes that share it.
    return new DeviceStream(openSync('/proc/self/fd/0', deviceFlags));
  } catch {
    // Only the parent process may have the rights to open it.
    return process.stdin;
  }
}

/** Returns what Linux says about the descriptor of standard input: position and flags. */
function descriptorInfo(): string {
  return readFileSync('/proc/self/fdinfo/0', 'utf8');
}
