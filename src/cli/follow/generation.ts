import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { FileIdentity } from '../run/source.js';
import type { FileState } from './file-state.js';

// Opening a named pipe would otherwise wait for its writer.
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

/** One of the files that had, or has, the followed name. It is read whatever its name is now. */
export class Generation {
  /** The path by which it was opened. */
  readonly path: string;
  readonly identity: FileIdentity;

  /** As it was when it was last seen to have the followed name, or was opened. */
  lastSeen: FileState;
  readonly #handle: FileHandle;
  #closing: Promise<void> | undefined;

  /** @throws {Error} If it cannot be opened, or is no regular file. */
  static async open(path: string): Promise<Generation> {
    const handle = await open(path, flags);
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
      return new Generation(path, stats, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private constructor(path: string, state: FileState, handle: FileHandle) {
    this.path = path;
    this.identity = { dev: state.dev, ino: state.ino };
    this.lastSeen = state;
    this.#handle = handle;
  }

  /** Resolves with its present length in bytes. */
  async length(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  /** Resolves with up to `byteLength` bytes from `start` on: fewer only if the file ends there. */
  async read(start: number, byteLength: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(byteLength);
    let length = 0;
    while (length < byteLength) {
      const { bytesRead } = await this.#handle.read(
        buffer,
        length,
        byteLength - length,
        start + length,
      );
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  }

  /** Waits for reads in progress. Further calls do nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#handle.close();
    return this.#closing;
  }
}
