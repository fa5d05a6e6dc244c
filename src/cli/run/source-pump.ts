import { finished, type Readable, type Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { FileIdentity, OpenSource, Source, SourceRange } from './source.js';

/** The progress of reading a source. */
interface Progress {
  readonly source: Source;
  readonly file: FileIdentity | undefined;

  /** Offset of the first byte that was read. */
  readonly start: number;
  byteLength: number;
  isAtEnd: boolean;
}

/** Sources in order; those of an iterator come into being while the ones before are read. */
export type Sources = readonly Source[] | AsyncIterable<Source>;

/**
 * Copies sources, one after the other, to all destinations, at the pace of the slowest. It can stop
 * at any time without losing bytes that were read.
 *
 * Not `pipeline()`: a failing source would destroy the destination and the bytes it had accepted.
 * Not `pipe()`: with two destinations it stalls when one of them fails while the source is paused
 * for it.
 */
export class SourcePump {
  readonly #sources: Sources;
  readonly #destinations: readonly Writable[];

  /** Destinations that have not emitted 'drain' yet. */
  readonly #full = new Set<Writable>();
  #current: Readable | undefined;

  /** The source that is being opened. */
  #opening: Source | undefined;
  readonly #progress: Progress[] = [];

  /** Bytes that were read after the first destination had ended. */
  readonly #untaken: Buffer[] = [];
  #isStopped = false;
  readonly #stopped: Promise<void>;
  #resolveStopped = (): void => {};

  /** Whether the sources after the current one stay unread. */
  #isLast = false;

  /** @param destinations Each gets every byte; one that fails is skipped from then on. */
  constructor(sources: Sources, destinations: readonly Writable[]) {
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

  /** Whether the current source is written by a process that may be about to end. */
  get hasWriter(): boolean {
    const isReading = this.#current !== undefined && !this.#current.destroyed;
    return isReading && (this.#progress.at(-1)?.source.hasWriter ?? false);
  }

  /** Bytes that were read after the first destination had ended, so that it did not get them. */
  get untaken(): Buffer {
    return Buffer.concat(this.#untaken);
  }

  /** Finds where the bytes from `offset` on were read; `offset` counts across all sources. */
  rangesFrom(offset: number): readonly SourceRange[] {
    const ranges: SourceRange[] = [];
    let before = 0;
    for (const { source, file, start, byteLength } of this.#progress) {
      const skipped = Math.max(0, offset - before);
      const range = { name: source.name, start: start + skipped, end: start + byteLength, file };
      if (skipped < byteLength) ranges.push(range);
      before += byteLength;
    }
    return ranges;
  }

  /** Sources that were not read, or not to their end, each from its first unread byte. */
  get unread(): readonly Pick<SourceRange, 'name' | 'start'>[] {
    const known = Array.isArray(this.#sources) ? this.#sources : [];
    const untouched: readonly Source[] = known.slice(this.#progress.length);
    const rest = untouched.map(({ name }) => ({ name, start: 0 }));
    const last = this.#progress.at(-1);
    if (last?.file === undefined || last.isAtEnd) return rest;
    return [{ name: last.source.name, start: last.start + last.byteLength }, ...rest];
  }

  /**
   * Resolves when every source has ended, or with {@link stop}, even while a source is waiting.
   *
   * @throws {Error} If a source cannot be read, or found.
   */
  run(): Promise<void> {
    return Promise.race([this.#passAll(), this.#stopped]);
  }

  /** Reads the current source to its end, and no further source that is not a part of it. */
  stopAfterCurrent(): void {
    const { finish } = this.#progress.at(-1)?.source ?? {};
    if (finish === undefined) this.#isLast = true;
    else finish();
  }

  /**
   * Stops reading. Bytes already read are written at once despite backpressure: it is one buffer at
   * most.
   */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#resolveStopped();
    this.#opening?.cancel?.();
    const stream = this.#current;
    if (stream === undefined || stream.destroyed) return;
    stream.pause().removeAllListeners('data');
    // `read()` and `destroy()` in the same tick: no bytes can arrive in between.
    const rest: Buffer | null = stream.read();
    stream.destroy();
    if (rest !== null) this.#take(rest);
  }

  async #passAll(): Promise<void> {
    for await (const source of this.#sources) {
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
    const { stream, file, start = 0 }: OpenSource = await source.open();
    this.#opening = undefined;
    if (this.#isStopped) {
      stream.destroy();
      return;
    }
    this.#current = stream;
    const progress: Progress = { source, file, start, byteLength: 0, isAtEnd: false };
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
