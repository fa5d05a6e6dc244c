import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { FileIdentity } from '../run/source.js';

// Opening a named pipe would otherwise wait for its writer.
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

/** One of the files that had, or has, the followed name. It is read whatever its name is now. */
export class Generation {
  /** The path by which it was opened. */
  readonly path: string;
  readonly identity: FileIdentity;
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

  private constructor(path: string, { dev, ino }: FileIdentity, handle: FileHandle) {
    this.path = path;
    this.identity = { dev, ino };
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

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
