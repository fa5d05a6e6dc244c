import type { ObjectState } from '../../src/append/append-client.js';
import { loadCrc64 } from '../../src/crc64.js';
import type { Deed } from './adversary.js';
import { sourceData } from './source-data.js';

const crc64 = await loadCrc64();

/** An object at one moment. */
export interface Incarnation {
  readonly bytes: Buffer;
  readonly kind: 'Appendable' | 'Normal';
  readonly sealed: boolean;

  /** Number of the object at this key, which changes when it is deleted or replaced. */
  readonly number: number;

  /** Number of our bytes, which follow the initial ones. */
  readonly ours: number;

  /** What a stranger did to it: nothing, appended after our bytes, or created it. */
  readonly stranger: 'none' | 'appended' | 'made';
}

/** The true states of the object; reports wrong appends. */
export class ObjectHistory {
  readonly #blame: (problem: string) => void;

  /** All states of the object, in order. */
  readonly #states: (Incarnation | undefined)[];

  /** Most of our bytes that the object has ever had. */
  #mostOurs = 0;

  /** Whether a stranger has changed it since the stream opened it. */
  #isTampered = false;

  /** Whether a writer under test has asked for a seal, which may be applied late. */
  mayBeSealed = false;

  /** @param base Initial content; `undefined` if there is no object. */
  constructor(base: Buffer | undefined, blame: (problem: string) => void) {
    this.#states = [base === undefined ? undefined : { ...nothing, bytes: base }];
    this.#blame = blame;
  }

  get current(): Incarnation | undefined {
    return this.#states.at(-1);
  }

  /** Number of the current state. */
  get now(): number {
    return this.#states.length - 1;
  }

  /** The state with this number. */
  at(number: number): Incarnation | undefined {
    return this.#states[number];
  }

  get mostOurs(): number {
    return this.#mostOurs;
  }

  get isTampered(): boolean {
    return this.#isTampered;
  }

  get length(): number {
    return this.current?.bytes.length ?? 0;
  }

  /** Adds the body of an append by a writer under test, whose position was right. */
  append(body: Buffer): void {
    const before = this.current ?? { ...nothing, number: this.now };
    const bytes = Buffer.concat([before.bytes, body]);
    if (before.stranger === 'made') {
      // The store compares only the length: the checksum alone shows that this is another object.
      this.#states.push({ ...before, bytes });
      return;
    }
    const ours = before.ours + body.length;
    if (body.length > 0) {
      if (!body.equals(sourceData.subarray(before.ours, ours))) {
        this.#blame(`bytes ${before.bytes.length}+${body.length} are not the next of the source`);
      }
      if (before.stranger === 'appended') this.#blame("our bytes follow a stranger's");
    }
    this.#states.push({ ...before, bytes, ours });
    this.#mostOurs = Math.max(this.#mostOurs, ours);
  }

  /** Seals the object for a writer under test. */
  seal(): void {
    const { current } = this;
    if (current !== undefined) this.#states.push({ ...current, sealed: true });
  }

  /** Applies a stranger's deed to the object; `false` if that changes nothing. */
  tamper(deed: Deed, bytes: Buffer): boolean {
    const before = this.current;
    const after = changed(before, deed, bytes);
    if (after === before) return false;
    this.#isTampered = true;
    const isOther = deed === 'replaces' || deed === 'remakes';
    this.#states.push(after && isOther ? { ...after, number: this.now + 1 } : after);
    return true;
  }
}

const nothing: Incarnation = {
  bytes: Buffer.alloc(0),
  kind: 'Appendable',
  sealed: false,
  number: 0,
  ours: 0,
  stranger: 'none',
};

function changed(
  before: Incarnation | undefined,
  deed: Deed,
  bytes: Buffer,
): Incarnation | undefined {
  switch (deed) {
    case 'deletes':
      return undefined;
    case 'replaces':
      return { ...nothing, bytes, kind: 'Normal', stranger: 'made' };
    case 'remakes':
      // An empty object belongs to neither writer.
      return { ...nothing, bytes, stranger: bytes.length > 0 ? 'made' : 'none' };
    case 'seals':
      return before && { ...before, sealed: true };
    case 'appends':
    case 'appends-as-many': {
      if (before === undefined || before.kind === 'Normal' || before.sealed) return before;
      // A later object that is still empty stays so: strangers create their own instead.
      if (before.number > 0 && before.bytes.length === 0) return before;
      const stranger = before.stranger === 'made' ? 'made' : 'appended';
      return { ...before, bytes: Buffer.concat([before.bytes, bytes]), stranger };
    }
  }
}

/** Checksums of objects, computed once. */
const checksums = new WeakMap<Incarnation, bigint>();

/** The state that a store reports. */
export function describe(object: Incarnation | undefined): ObjectState | undefined {
  if (object === undefined) return undefined;
  const checksum = checksums.get(object) ?? crc64(object.bytes);
  checksums.set(object, checksum);
  return {
    length: object.bytes.length,
    crc64: checksum,
    appendable: object.kind === 'Appendable',
    sealed: object.sealed,
    objectType: object.kind,
  };
}
