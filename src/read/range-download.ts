import type { Readable } from 'node:stream';
import { ReusableTimer } from '../timers/reusable-timer.js';

export interface RangeDownloadOptions {
  /** Bytes that were asked for. */
  readonly byteLength: number;

  /** Maximum milliseconds to the next piece. */
  readonly idleTimeout: number;

  /** Ends the download at once. */
  readonly signal: AbortSignal;
}

/**
 * The bytes of one GET, which may come from a client that hangs or returns something else.
 *
 * A stream made of a generator that waits does not even end when it is destroyed.
 */
export class RangeDownload {
  readonly #stream: Readable;
  readonly #pieces: AsyncIterator<unknown>;
  readonly #idleTimeout: number;
  readonly #signal: AbortSignal;
  readonly #timer = new ReusableTimer();
  #remaining: number;

  /** Rejects the pending {@link next}. */
  #reject: ((error: Error) => void) | undefined;

  constructor(stream: Readable, { byteLength, idleTimeout, signal }: RangeDownloadOptions) {
    this.#stream = stream;
    // Its failures are those of `next()`.
    stream.on('error', () => {});
    this.#pieces = stream[Symbol.asyncIterator]();
    this.#idleTimeout = idleTimeout;
    this.#signal = signal;
    this.#remaining = byteLength;
    if (signal.aborted) this.#abort();
    else signal.addEventListener('abort', this.#abort);
  }

  /**
   * Resolves with the next piece, or with `undefined` at the end of the stream, which may come
   * early.
   *
   * @throws The error of the stream.
   * @throws {TypeError} If the client returned something else than the bytes that were asked for.
   */
  next(): Promise<Uint8Array | undefined> {
    return new Promise<Uint8Array | undefined>((resolve, reject) => {
      this.#reject = reject;
      if (this.#signal.aborted) reject(this.#signal.reason);
      // The time that the caller takes between two pieces does not count.
      this.#timer.start(this.#idleTimeout, () =>
        this.#giveUp(new Error(`No data within ${this.#idleTimeout} ms`)),
      );
      const settle = <Result>(callback: (result: Result) => void, result: Result) => {
        this.#timer.stop();
        callback(result);
      };
      this.#take().then(
        (piece) => settle(resolve, piece),
        (error) => settle(reject, error),
      );
    });
  }

  close(): void {
    this.#timer.close();
    this.#signal.removeEventListener('abort', this.#abort);
    this.#stream.destroy();
  }

  readonly #abort = (): void => this.#giveUp(this.#signal.reason);

  #giveUp(error: Error): void {
    this.#timer.stop();
    this.#stream.destroy(error);
    this.#reject?.(error);
  }

  async #take(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return undefined;
      const piece = this.#checked(value);
      // An object-mode stream may have empty ones, which are no progress.
      if (piece.byteLength > 0) return piece;
    }
  }

  #checked(piece: unknown): Uint8Array {
    if (!(piece instanceof Uint8Array)) {
      throw new TypeError(`The client returned a stream of ${typeof piece} instead of bytes`);
    }
    this.#remaining -= piece.byteLength;
    if (this.#remaining < 0) throw new TypeError('The client returned more bytes than asked for');
    return piece;
  }
}

/**
 * Ends a download that nobody wants any more: otherwise its connection would stay open, and its failure
 * be an uncaught exception.
 *
 * @param stream What a client returned, which may be something else.
 */
export function discardStream(stream: Partial<Readable> | null | undefined): void {
  stream?.on?.('error', () => {});
  stream?.destroy?.();
}
