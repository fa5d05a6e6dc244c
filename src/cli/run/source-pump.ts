import { finished, type Readable, type Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { FileIdentity, OpenSource, Source, SourceRange } from './source.js';

/** How far a source has been read. */
interface Progress {
  readonly source: Source;
  readonly file: FileIdentity | undefined;
  byteLength: number;
  isAtEnd: boolean;
}

/**
 * Passes sources on, one after the other, at the pace of the slowest destination, and can stop in
 * between without losing what was read.
 *
 * Not `pipeline()`: that would destroy the destination with the source, and what it had accepted
 * would be gone. Not `pipe()`: with two destinations it stalls when one of them fails while it is
 * waited for.
 */
export class SourcePump {
  readonly #sources: readonly Source[];
  readonly #destinations: readonly Writable[];

  /** Destinations that want no more for now. */
  readonly #full = new Set<Writable>();
  #current: Readable | undefined;

  /** The source that is being opened. */
  #opening: Source | undefined;
  readonly #progress: Progress[] = [];

  /** What was read when the first destination had ended. */
  readonly #untaken: Buffer[] = [];
  #isStopped = false;
  readonly #stopped: Promise<void>;
  #resolveStopped = (): void => {};

  /** Whether the sources behind the current one are left unread. */
  #isLast = false;

  /** @param destinations What gets every byte; one that fails is left out from then on. */
  constructor(sources: readonly Source[], destinations: readonly Writable[]) {
    this.#sources = sources;
    this.#destinations = destinations;
    this.#stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    for (const destination of destinations) {
      for (const event of ['drain', 'error', 'close']) {
        destination.on(event, () => this.#release(destination));
      }
    }
  }

  /** Whether something is being read whose writer may be about to end. */
  get hasWriter(): boolean {
    const isReading = this.#current !== undefined && !this.#current.destroyed;
    return isReading && (this.#progress.at(-1)?.source.hasWriter ?? false);
  }

  /** What was read and the first destination did not take, as it had ended. */
  get untaken(): Buffer {
    return Buffer.concat(this.#untaken);
  }

  /** Finds where bytes came from: all from `offset` on, counted from the first that was read. */
  rangesFrom(offset: number): readonly SourceRange[] {
    const ranges: SourceRange[] = [];
    let before = 0;
    for (const { source, file, byteLength } of this.#progress) {
      const start = Math.max(0, offset - before);
      if (start < byteLength) ranges.push({ name: source.name, start, end: byteLength, file });
      before += byteLength;
    }
    return ranges;
  }

  /** What was named and has not been read, each from the first such byte. */
  get unread(): readonly Pick<SourceRange, 'name' | 'start'>[] {
    const untouched = this.#sources.slice(this.#progress.length);
    const rest = untouched.map(({ name }) => ({ name, start: 0 }));
    const last = this.#progress.at(-1);
    if (last?.file === undefined || last.isAtEnd) return rest;
    return [{ name: last.source.name, start: last.byteLength }, ...rest];
  }

  /**
   * Resolves when every source has ended, or with {@link stop}, whatever a source is waiting for.
   *
   * @throws {Error} If a source cannot be read.
   */
  run(): Promise<void> {
    return Promise.race([this.#passAll(), this.#stopped]);
  }

  /** Reads the current source to its end, and none behind it. */
  stopBehindCurrent(): void {
    this.#isLast = true;
  }

  /**
   * Reads no more. What has been read is passed on, all at once and whatever the destinations say:
   * it is not more than one buffer.
   */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#resolveStopped();
    this.#opening?.cancel?.();
    const stream = this.#current;
    if (stream === undefined || stream.destroyed) return;
    stream.pause().removeAllListeners('data');
    // In one turn of the event loop with `destroy()`: nothing more can arrive in between.
    const rest: Buffer | null = stream.read();
    stream.destroy();
    if (rest !== null) this.#take(rest);
  }

  async #passAll(): Promise<void> {
    for (const source of this.#sources) {
      if (this.#isStopped || this.#isLast) return;
      try {
        await this.#pass(source);
      } catch (error) {
        if (this.#isStopped) return;
        throw new Error(`Cannot read ${source.name}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }

  async #pass(source: Source): Promise<void> {
    this.#opening = source;
    const { stream, file }: OpenSource = await source.open();
    this.#opening = undefined;
    if (this.#isStopped) {
      stream.destroy();
      return;
    }
    this.#current = stream;
    const progress: Progress = { source, file, byteLength: 0, isAtEnd: false };
    this.#progress.push(progress);
    stream.on('data', (bytes: Buffer) => {
      this.#take(bytes);
      if (this.#full.size > 0) stream.pause();
    });
    if (this.#full.size > 0) stream.pause();
    await promisify(finished)(stream, { writable: false });
    progress.isAtEnd = true;
  }

  #take(bytes: Buffer): void {
    const progress = this.#progress.at(-1);
    if (progress !== undefined) progress.byteLength += bytes.byteLength;
    if (this.#destinations[0]?.writable === false) this.#untaken.push(bytes);
    for (const destination of this.#destinations) {
      if (destination.writable && !destination.write(bytes)) this.#full.add(destination);
    }
  }

  #release(destination: Writable): void {
    this.#full.delete(destination);
    if (this.#full.size === 0 && !this.#isStopped) this.#current?.resume();
  }
}
