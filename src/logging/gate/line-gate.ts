import type { Place } from '../../buffer/acknowledgements.js';
import type { Callback } from '../../callback.js';

/** Destination of the lines that a gate lets through, in order. */
export interface LineSink {
  /** Bytes accepted and not yet committed. */
  readonly byteLength: number;

  /** `byteLength` from which the sink should not be given more for now. */
  readonly highWaterMark: number;

  write(data: string | Uint8Array, callback?: Callback): void;

  /** Resolves with the place of `bytes` when they have been committed. */
  append(bytes: Uint8Array): Promise<Place>;
}

/** Decides for each write: pass it on to the sink, queue it, or drop some of its lines. */
export interface LineGate {
  /** Bytes queued in the gate. */
  readonly byteLength: number;

  /** @param callback Called once all bytes are committed, or with an error if some were dropped. */
  write(data: string | Uint8Array, callback?: Callback): void;

  /**
   * Passes everything on, then `bytes`, beyond every bound. Resolves with the place of `bytes` when they
   * have been committed.
   *
   * @throws {LinesDroppedError} If they begin within a line whose beginning was dropped. The rest of that
   *   line is dropped too, and what is behind it is treated as that of a write.
   */
  append(bytes: Uint8Array): Promise<Place>;

  /** The sink has room again. */
  resume(): void;

  /** Passes everything on, beyond the sink's `highWaterMark` too. */
  handOver(): void;

  /** Passes everything on, then the marker of the lines dropped last. */
  end(): void;

  /** Removes and returns the queued bytes. Their callbacks remain for {@link fail}. */
  takeRest(): Buffer;

  /** Calls the callbacks of all queued bytes with `error`. */
  fail(error: Error): void;
}
