import { addAbortSignal, type Readable } from 'node:stream';
import { ReusableTimer } from '../timers/reusable-timer.js';

export interface RangeDownloadOptions {
  /** Bytes that were asked for. */
  readonly byteLength: number;

  /** Maximum milliseconds to the next piece. */
  readonly idleTimeout: number;

  /** Ends the download at once. */
  readonly signal: AbortSignal;
}

/** The bytes of one GET, which may come from a client that hangs or returns something else. */
export class RangeDownload {
  readonly #stream: Readable;
  readonly #pieces: AsyncIterator<unknown>;
  readonly #idleTimeout: number;
  readonly #timer = new ReusableTimer();
  #remaining: number;

  constructor(stream: Readable, { byteLength, idleTimeout, signal }: RangeDownloadOptions) {
    this.#stream = addAbortSignal(signal, stream);
    this.#pieces = stream[Symbol.asyncIterator]();
    this.#idleTimeout = idleTimeout;
    this.#remaining = byteLength;
  }

  /**
   * Resolves with the next piece, or with `undefined` at the end of the stream, which may come
   * early.
   *
   * @throws The error of the stream.
   * @throws {TypeError} If the client returned something else than the bytes that were asked for.
   */
  async next(): Promise<Uint8Array | undefined> {
    // The time that the caller takes between two pieces does not count.
    this.#timer.start(this.#idleTimeout, () =>
      this.#stream.destroy(new Error(`No data within ${this.#idleTimeout} ms`)),
    );
    try {
      for (;;) {
        const { done, value } = await this.#pieces.next();
        if (done === true) return undefined;
        const piece = this.#checked(value);
        // An object-mode stream may have empty ones, which are no progress.
        if (piece.byteLength > 0) return piece;
      }
    } finally {
      this.#timer.stop();
    }
  }

  close(): void {
    this.#timer.close();
    this.#stream.destroy();
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
