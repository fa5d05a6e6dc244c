import type { ObjectState } from '../../src/append/append-client.js';
import { loadCrc64 } from '../../src/crc64.js';
import { sourceData } from './source-data.js';

const crc64 = await loadCrc64();

/** An object at one moment. */
export interface Incarnation {
  readonly bytes: Buffer;
  readonly kind: 'Appendable' | 'Normal';
  readonly sealed: boolean;

  /** Bytes before the first of ours. */
  readonly base: number;

  /** Bytes of ours; they lie behind the base. */
  readonly ours: number;

  /** A stranger's bytes lie behind ours. */
  readonly isForeign: boolean;
}

/** The truth about the object, and everything that is wrong with what was done to it. */
export class ObjectHistory {
  readonly problems: string[] = [];
  #current: Incarnation | undefined;

  /** Most bytes of ours that have ever been in it. */
  #mostOurs = 0;

  /** Somebody else has changed it since the stream opened it. */
  #isTampered = false;

  constructor(base: Buffer | undefined) {
    if (base === undefined) return;
    const nothing = { sealed: false, ours: 0, isForeign: false };
    this.#current = { bytes: base, kind: 'Appendable', base: base.length, ...nothing };
  }

  get current(): Incarnation | undefined {
    return this.#current;
  }

  get mostOurs(): number {
    return this.#mostOurs;
  }

  get isTampered(): boolean {
    return this.#isTampered;
  }

  get length(): number {
    return this.#current?.bytes.length ?? 0;
  }

  /** Adds what the writer under test sent; it fits there by its position. */
  append(body: Buffer): void {
    const before = this.#current ?? emptyObject;
    if (body.length > 0) {
      const expected = sourceData.subarray(before.ours, before.ours + body.length);
      if (!body.equals(expected)) {
        this.problems.push(`bytes ${this.length}+${body.length} are not what belongs there`);
      }
      if (before.isForeign) this.problems.push("our bytes lie behind a stranger's");
    }
    const ours = before.ours + body.length;
    this.#current = { ...before, bytes: Buffer.concat([before.bytes, body]), ours };
    this.#mostOurs = Math.max(this.#mostOurs, ours);
  }

  /** Does what somebody else does to an object that exists. */
  tamper(how: 'append' | 'delete' | 'replace' | 'seal', bytes: Buffer): void {
    if (this.#current === undefined) return;
    this.#isTampered = true;
    const before = this.#current;
    if (how === 'delete') this.#current = undefined;
    else if (how === 'seal') this.#current = { ...before, sealed: true };
    else if (how === 'replace') this.#current = { ...before, bytes, kind: 'Normal', ours: 0 };
    else if (before.kind === 'Appendable' && !before.sealed) {
      const longer = Buffer.concat([before.bytes, bytes]);
      this.#current = { ...before, bytes: longer, isForeign: true };
    }
  }
}

const emptyObject: Incarnation = {
  bytes: Buffer.alloc(0),
  kind: 'Appendable',
  ...{ sealed: false, base: 0, ours: 0, isForeign: false },
};

/** How a store describes it. */
export function describe(object: Incarnation | undefined): ObjectState | undefined {
  if (object === undefined) return undefined;
  return {
    length: object.bytes.length,
    crc64: crc64(object.bytes),
    appendable: object.kind === 'Appendable',
    sealed: object.sealed,
    objectType: object.kind,
  };
}
