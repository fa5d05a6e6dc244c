import { close, constants, readSync } from 'node:fs';
import { Readable } from 'node:stream';

/** How to open what is read by a {@link DeviceStream}, so that nothing of it can block. */
export const deviceFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Bytes read at once. */
const readSize = 64 * 1024;

/** Most milliseconds between two looks at a device that has nothing. */
const longestPause = 50;

/**
 * Reads a terminal, a serial line, a kernel log: whatever may have nothing to read for hours.
 *
 * Node.js reads files in threads, and a thread that waits for a device keeps the process alive: not
 * even `process.exit()` ends it. So the device is never waited for, it is looked at again and again.
 * That is synchronous, as it takes no longer than copying what is there; in return nothing is being
 * read at the moment when the stream is destroyed, and so nothing gets lost.
 */
export class DeviceStream extends Readable {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(readSize);
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Milliseconds until the next look, if there is nothing. */
  #pause = 1;

  /** @param fd Opened with {@link deviceFlags}; closed with the stream. */
  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _read(): void {
    // Not at once: a device that always has something would leave no turn to anybody else.
    this.#immediate ??= setImmediate(this.#look);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    close(this.#fd, (failure) => callback(error ?? failure));
  }

  readonly #look = (): void => {
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
      this.#timer = setTimeout(this.#look, this.#pause);
      this.#pause = Math.min(2 * this.#pause, longestPause);
    }
  };
}
