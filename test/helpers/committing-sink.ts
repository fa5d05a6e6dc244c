import type { Place } from '../../src/buffer/acknowledgements.js';
import type { LineSink } from '../../src/logging/gate/line-gate.js';

/** A sink that commits only when `commit()` is called. */
export class CommittingSink implements LineSink {
  readonly highWaterMark: number;
  readonly taken: Buffer[] = [];
  #committed = 0;
  #waiting: { end: number; callback: (error?: Error | null) => void }[] = [];

  constructor(highWaterMark: number) {
    this.highWaterMark = highWaterMark;
  }

  get text(): string {
    return Buffer.concat(this.taken).toString();
  }

  get #end(): number {
    return this.taken.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get byteLength(): number {
    return this.#end - this.#committed;
  }

  write(data: string | Uint8Array, callback?: (error?: Error | null) => void): void {
    this.taken.push(Buffer.from(data as string));
    if (callback !== undefined) this.#waiting.push({ end: this.#end, callback });
    this.commit(0);
  }

  append(bytes: Uint8Array): Promise<Place> {
    const start = this.#end;
    return new Promise((resolve, reject) => {
      this.write(bytes, (error) => {
        if (error) reject(error);
        else resolve({ key: 'log', start, end: start + bytes.byteLength });
      });
    });
  }

  commit(byteLength: number): void {
    this.#committed = Math.min(this.#end, this.#committed + byteLength);
    while (this.#waiting[0] !== undefined && this.#waiting[0].end <= this.#committed) {
      this.#waiting.shift()?.callback(null);
    }
  }

  /** Fails all pending writes. */
  fail(error: Error): void {
    for (const { callback } of this.#waiting.splice(0)) callback(error);
  }
}
