import { Readable } from 'node:stream';
import type { FollowedFile } from './followed-file.js';
import type { Generation } from './generation.js';

/** Maximum bytes per read. */
const readSize = 2 ** 20;

/** Bytes before the end that must still be there when the file is read on. */
const tailSize = 256;

export interface GenerationStreamOptions {
  readonly generation: Generation;

  /** Offset of the first byte. */
  readonly start: number;

  /** The bytes before it, as many as {@link readTail} gives. */
  readonly tail: Buffer;

  /** Called when the file has become shorter, and is read from its beginning again. */
  readonly onTruncate: (offset: number) => void;
}

/** Resolves with the bytes before `end` by which it is noticed that a file was written anew. */
export function readTail(generation: Generation, end: number): Promise<Buffer> {
  const byteLength = Math.min(end, tailSize);
  return generation.read(end - byteLength, byteLength);
}

/** Reads one file as it grows, until it has been replaced by another one. */
export class GenerationStream extends Readable {
  readonly #followed: FollowedFile;
  readonly #options: GenerationStreamOptions;
  #offset: number;

  /** The last bytes before `#offset`. */
  #tail: Buffer;

  /** Looks since the last bytes, once there is a newer file. */
  #idleLooks = 0;

  constructor(followed: FollowedFile, options: GenerationStreamOptions) {
    super();
    this.#followed = followed;
    this.#options = options;
    this.#offset = options.start;
    this.#tail = options.tail;
  }

  override _read(): void {
    this.#next().then(
      (bytes) => this.push(bytes),
      (error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#options.generation.close().then(() => callback(error), callback);
  }

  /** Resolves with the next bytes when there are any; with `null` when there will be none. */
  async #next(): Promise<Buffer | null> {
    const { generation } = this.#options;
    for (;;) {
      const bytes = await this.#readMore();
      if (bytes !== undefined) {
        this.#idleLooks = 0;
        return bytes;
      }
      if (await this.#followed.isOver(generation, this.#idleLooks)) return null;
      await this.#followed.nextLook();
      if (this.#followed.isReplaced(generation)) this.#idleLooks++;
    }
  }

  async #readMore(): Promise<Buffer | undefined> {
    const { generation } = this.#options;
    const length = await generation.length();
    if (length === this.#offset) return undefined;
    if (length < this.#offset) return this.#restart();
    const known = this.#tail.byteLength;
    const more = Math.min(length - this.#offset, readSize);
    const found = await generation.read(this.#offset - known, known + more);
    // A file may be truncated and grow beyond the offset between two looks.
    if (!found.subarray(0, known).equals(this.#tail)) return this.#restart();
    const bytes = found.subarray(known);
    if (bytes.byteLength === 0) return undefined;
    this.#offset += bytes.byteLength;
    this.#tail = Buffer.from(found.subarray(-tailSize));
    return bytes;
  }

  #restart(): Promise<Buffer | undefined> {
    this.#options.onTruncate(this.#offset);
    this.#offset = 0;
    this.#tail = Buffer.alloc(0);
    return this.#readMore();
  }
}
