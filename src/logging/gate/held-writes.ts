import type { Acknowledge, Place } from '../../buffer/acknowledgements.js';
import type { Callback } from '../../callback.js';
import { nodeTimers } from '../../timers/node-timers.js';

/** A write whose end is held. Offsets count the bytes that were ever held. */
export interface HeldWrite {
  readonly start: number;
  readonly end: number;
  readonly acknowledge: Acknowledge;
}

const noBytes: Buffer = Buffer.alloc(0);

/** A copy of bytes that cannot be passed on yet, with the callbacks of their writes. */
export class HeldWrites {
  #buffer = noBytes;

  /** Bytes used of the buffer, and how many of them have been taken. */
  #filled = 0;
  #taken = 0;

  /** Offset of the first byte held. */
  #start = 0;
  #writes: HeldWrite[] = [];

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#start + this.byteLength;
  }

  get byteLength(): number {
    return this.#filled - this.#taken;
  }

  /** All bytes held, by reference; they are never overwritten. */
  get bytes(): Buffer {
    return this.#buffer.subarray(this.#taken, this.#filled);
  }

  add(bytes: Uint8Array, acknowledge?: Acknowledge): void {
    const start = this.end;
    if (this.#filled + bytes.byteLength > this.#buffer.byteLength) this.#grow(bytes.byteLength);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.byteLength;
    if (acknowledge !== undefined) this.#writes.push({ start, end: this.end, acknowledge });
  }

  /** Takes the first `byteLength` bytes, and the callbacks of the writes that end in them. */
  take(byteLength: number): { readonly bytes: Buffer; readonly writes: readonly HeldWrite[] } {
    const bytes = this.bytes.subarray(0, byteLength);
    this.#taken += byteLength;
    this.#start += byteLength;
    const isSmall = this.byteLength <= byteLength;
    // A small rest must not keep a large buffer.
    if (isSmall) this.#use(Buffer.from(this.bytes), this.byteLength);
    const index = this.#writes.findIndex(({ end }) => end > this.#start);
    return { bytes, writes: this.#writes.splice(0, index === -1 ? this.#writes.length : index) };
  }

  /** Takes all bytes; the callbacks of their writes remain for {@link fail}. */
  takeAll(): Buffer {
    const { bytes } = this;
    this.#start += bytes.byteLength;
    this.#use(noBytes, 0);
    return bytes;
  }

  /** Takes the callback of a write whose first bytes have been taken, and whose end has not. */
  takeDivided(): Acknowledge | undefined {
    const [first] = this.#writes;
    if (first === undefined || first.start >= this.#start) return undefined;
    this.#writes.shift();
    return first.acknowledge;
  }

  /** Calls the callbacks of all writes with `error`. */
  fail(error: Error): void {
    for (const { acknowledge } of this.#writes.splice(0)) nodeTimers.nextTick(acknowledge, error);
  }

  #grow(byteLength: number): void {
    const needed = this.byteLength + byteLength;
    const capacity = this.byteLength === 0 ? needed : Math.max(needed, 2 * this.byteLength);
    const larger = Buffer.allocUnsafe(capacity);
    larger.set(this.bytes);
    this.#use(larger, this.byteLength);
  }

  #use(buffer: Buffer, filled: number): void {
    this.#buffer = buffer;
    this.#filled = filled;
    this.#taken = 0;
  }
}

/** The place of a write whose bytes were appended together with those of others, from `held` on, at `place`. */
export function placeOf(
  { start, end }: HeldWrite,
  held: Pick<HeldWrite, 'start' | 'end'>,
  place: Place,
): Place {
  // Other writers' bytes lie somewhere between them, or the first ones were deleted meanwhile.
  if (place.end - place.start !== held.end - held.start) return place;
  const position = place.start - held.start;
  return { key: place.key, start: position + start, end: position + end };
}

/** The callback of a write that is not told its place. */
export function callbackOf({ acknowledge }: HeldWrite): Callback {
  return (error) => acknowledge(error ?? null);
}
