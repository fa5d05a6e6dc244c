import { finished, type Readable, type Writable } from 'node:stream';
import { promisify } from 'node:util';
import type { Source } from './source.js';

/**
 * Passes sources on, one after the other, at the pace of the slowest destination, and can stop in
 * between without losing what was read.
 *
 * Not `pipeline()`: that would destroy the destination with the source, and what it had accepted
 * would be gone. Not `pipe()`: with two destinations it stalls when one of them fails while it is
 * waited for.
 */
export class Feed {
  readonly #sources: readonly Source[];
  readonly #destinations: readonly Writable[];

  /** Destinations that want no more for now. */
  readonly #full = new Set<Writable>();
  #current: Readable | undefined;

  /** The source that is being opened. */
  #opening: Source | undefined;
  readonly #progress: { readonly source: Source; byteLength: number }[] = [];
  #isStopped = false;

  /** @param destinations What gets every byte; one that fails is left out from then on. */
  constructor(sources: readonly Source[], destinations: readonly Writable[]) {
    this.#sources = sources;
    this.#destinations = destinations;
    for (const destination of destinations) {
      for (const event of ['drain', 'error', 'close']) {
        destination.on(event, () => this.#release(destination));
      }
    }
  }

  /** Whether bytes were read that cannot be had again. */
  get isTransient(): boolean {
    return this.#progress.some(({ source }) => source.isTransient);
  }

  /** Whether something is being read whose writer may be about to end. */
  get hasWriter(): boolean {
    const isReading = this.#current !== undefined && !this.#current.destroyed;
    return isReading && (this.#progress.at(-1)?.source.isTransient ?? false);
  }

  /** Finds the source that a byte came from, counted from the first that was read. */
  locate(offset: number): { readonly name: string; readonly start: number } | undefined {
    let start = offset;
    for (const { source, byteLength } of this.#progress) {
      if (start < byteLength) return { name: source.name, start };
      start -= byteLength;
    }
    return undefined;
  }

  /**
   * Resolves when every source has ended, or with {@link stop}.
   *
   * @throws {Error} If a source cannot be read.
   */
  async run(): Promise<void> {
    for (const source of this.#sources) {
      if (this.#isStopped) return;
      await this.#pass(source);
    }
  }

  /**
   * Reads no more. What has been read is passed on, all at once and whatever the destinations say:
   * it is not more than one buffer.
   *
   * @returns The part of it that the first destination did not take, as it had ended.
   */
  stop(): Buffer {
    const nothing = Buffer.alloc(0);
    const source = this.#current;
    this.#isStopped = true;
    this.#opening?.cancel?.();
    if (source === undefined || source.destroyed) return nothing;
    source.pause().removeAllListeners('data');
    // In one turn of the event loop with `destroy()`: nothing more can arrive in between.
    const rest: Buffer = source.read() ?? nothing;
    source.destroy();
    const isTaken = this.#destinations[0]?.writable ?? false;
    if (rest.byteLength > 0) this.#take(rest);
    return isTaken ? nothing : rest;
  }

  async #pass(next: Source): Promise<void> {
    this.#opening = next;
    const source = await next.open();
    this.#opening = undefined;
    if (this.#isStopped) {
      source.destroy();
      return;
    }
    this.#current = source;
    this.#progress.push({ source: next, byteLength: 0 });
    source.on('data', (bytes: Buffer) => {
      this.#take(bytes);
      if (this.#full.size > 0) source.pause();
    });
    if (this.#full.size > 0) source.pause();
    try {
      await promisify(finished)(source, { writable: false });
    } catch (error) {
      if (this.#isStopped) return;
      throw new Error(`Cannot read ${next.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  #take(bytes: Buffer): void {
    const progress = this.#progress.at(-1);
    if (progress !== undefined) progress.byteLength += bytes.byteLength;
    for (const destination of this.#destinations) {
      if (destination.writable && !destination.write(bytes)) this.#full.add(destination);
    }
  }

  #release(destination: Writable): void {
    this.#full.delete(destination);
    if (this.#full.size === 0 && !this.#isStopped) this.#current?.resume();
  }
}
