import type { Callback } from '../callback.js';
/** What lines go on to, in order. */
export interface LineSink {
  /** Bytes that it has taken and not committed. */
  readonly byteLength: number;

  /** Bytes at which it wants no more for now. */
  readonly highWaterMark: number;

  write(data: string | Uint8Array, callback?: Callback): void;
}

/** What becomes of a write: it goes on to a sink, now or later, or some of its lines are dropped. */
export interface LineGate {
  /** Bytes that it holds itself. */
  readonly byteLength: number;

  /** @param callback Told when all of it has been committed, or that some of it never will be. */
  write(data: string | Uint8Array, callback?: Callback): void;

  /** The sink has room again. */
  resume(): void;

  /** Passes everything on, whatever the sink wants. */
  handOver(): void;

  /** Passes everything on, and says what was dropped at the end. */
  end(): void;

  /** Empties it: what it has not passed on. Those who wait for that are still to be told. */
  takeRest(): Buffer;

  /** Tells everybody who waits for what it has not passed on that it never will be. */
  fail(error: Error): void;
}
