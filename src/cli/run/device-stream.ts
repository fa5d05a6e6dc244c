import { close, constants, readSync } from 'node:fs';
import { Readable } from 'node:stream';

/** Flags to open a file for a {@link DeviceStream}, so that no read blocks. */
export const deviceFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Bytes per read. */
const readSize = 64 * 1024;

/** Longest time between two reads of a device that has no data, in milliseconds. */
const longestPause = 50;

/**
 * Reads a file that may have no data for hours: a terminal, a serial line, a kernel log.
 *
 * Node.js reads files in threads, and a thread that waits for a device keeps the process alive: not
 * even `process.exit()` ends it. So the device is opened without blocking and polled. Reads are
 * synchronous, because they take no longer than a copy; no read is in flight when the stream is
 * destroyed, so that no bytes are lost.
 */
export class DeviceStream extends Readable {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(readSize);
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Milliseconds until the next read while there is no data. */
  #pause = 1;

  /** @param fd Opened with {@link deviceFlags}; closed with the stream. */
  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _read(): void {
    // Deferred: a device that always has data would block the event loop.
    this.#immediate ??= setImmediate(this.#poll);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    close(this.#fd, (failure) => callback(error ?? failure));
  }

  readonly #poll = (): void => {
    try {
      const length = readSync(this.#fd, this.#buffer, 0, readSize, null);
      this.#immediate = undefined;
      this.#pause = 1;
      this.push(length === 0 ? null : Buffer.from(this.#buffer.subarray(0, length)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        this.destroy(error as Error);
        return;
      }
      this.#timer = setTimeout(this.#poll, this.#pause);
      this.#pause = Math.min(2 * this.#pause, longestPause);
    }
  };
}
