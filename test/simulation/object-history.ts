import type { ObjectState } from '../../src/append/append-client.js';
import { combineCrc64, loadCrc64 } from '../../src/crc64.js';
import type { Deed } from './adversary.js';
import type { Ledger } from './ledger.js';

const crc64 = await loadCrc64();

/** Checksum of any hidden bytes. */
const hiddenChecksum = 0x0123_4567_89ab_cdefn;

/** An object at one moment. */
export interface Incarnation {
  /** Length of a beginning whose bytes nobody looks at, so that an object can be large. */
  readonly hidden: number;

  /** The bytes behind it. */
  readonly bytes: Buffer;
  readonly kind: 'Appendable' | 'Normal';
  readonly sealed: boolean;

  /** Whether it is under retention: it takes no appends, and no HEAD says so. */
  readonly retained: boolean;

  /** Number of the object at this key, which changes when it is deleted or replaced. */
  readonly number: number;

  /** What a stranger did to it: nothing, appended after our bytes, or created it. */
  readonly stranger: 'none' | 'appended' | 'made';
}

/** Where the body of an append comes from. */
export interface Origin {
  readonly ledger: Ledger;

  /** Offset of its first byte in the source. */
  readonly offset: number;

  /** Whether bytes were sent there first: where HEAD is forbidden an append of nothing asks for them. */
  readonly mayBeEmpty: boolean;

  /** Number of the object that its stream began to append to; `undefined` if there was none. */
  readonly object: number | undefined;

  /** Whether its stream shares objects with other writers. */
  readonly isRebasing: boolean;

  /** How often strangers had removed the object when it was sent. */
  readonly removals: number;
}

export interface HistoryOptions {
  readonly blame: (problem: string) => void;

  /** Whether writers may create empty objects. */
  readonly mayBeEmpty: boolean;
}

/** The true states of the object at one key; reports wrong appends. */
export class ObjectHistory {
  readonly key: string;
  readonly #blame: (problem: string) => void;
  readonly #mayBeEmpty: boolean;

  /** All states of the object, in order. */
  readonly #states: (Incarnation | undefined)[];

  /** Those whose bytes have landed here. */
  readonly #ledgers = new Set<Ledger>();

  /** Whether a stranger has changed it since the streams began. */
  #isTampered = false;

  /** Number of the oldest state that a HEAD may still show. */
  #oldest = 0;

  /** How often strangers have deleted or replaced it. */
  #removals = 0;

  /** The greatest length that it has had. */
  #mostLength: number;

  /** Whether a writer under test has asked for a seal, which may be applied late. */
  mayBeSealed = false;

  /** @param base Initial content; `undefined` if there is no object. */
  constructor(
    key: string,
    base: Partial<Incarnation> | undefined,
    { blame, mayBeEmpty }: HistoryOptions,
  ) {
    this.key = key;
    this.#states = [base && { ...nothing, ...base }];
    this.#mostLength = this.length;
    this.#blame = blame;
    this.#mayBeEmpty = mayBeEmpty;
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

  /** All of them, in order. */
  get states(): readonly (Incarnation | undefined)[] {
    return this.#states;
  }

  get isTampered(): boolean {
    return this.#isTampered;
  }

  /** How often strangers have deleted or replaced it, and made room for appends of long ago. */
  get removals(): number {
    return this.#removals;
  }

  get mostLength(): number {
    return this.#mostLength;
  }

  /** Writers whose bytes have landed here. */
  get writerCount(): number {
    return new Set([...this.#ledgers].map(({ source }) => source)).size;
  }

  /** Whether anybody else has appended to it or changed it. */
  isSharedBy(ledger: Ledger): boolean {
    return this.#isTampered || [...this.#ledgers].some((other) => other !== ledger);
  }

  /** Whether it has ever refused all appends. */
  get wasClosed(): boolean {
    return this.#states.some((state) => state !== undefined && isClosed(state));
  }

  get length(): number {
    const { current } = this;
    return current === undefined ? 0 : current.hidden + current.bytes.length;
  }

  get oldest(): number {
    return this.#oldest;
  }

  /** Called when a caller learns of the state with this number. */
  reveal(number: number): void {
    this.#oldest = Math.max(this.#oldest, number);
  }

  /** Adds the body of an append by a writer under test, whose position was right. */
  append(body: Buffer, origin: Origin): void {
    const isEmpty = body.length === 0 && this.current === undefined;
    if (isEmpty && !this.#mayBeEmpty && !origin.mayBeEmpty && !this.#isTampered) {
      this.#blame(`it creates "${this.key}" empty`);
    }
    const before = this.current ?? this.#created(origin);
    const bytes = Buffer.concat([before.bytes, body]);
    if (body.length > 0) this.#land(body, origin, before);
    this.#states.push({ ...before, bytes });
    this.#mostLength = Math.max(this.#mostLength, this.length);
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
    this.#mostLength = Math.max(this.#mostLength, this.length);
    if (before !== undefined && this.current?.number !== before.number) {
      this.#removals++;
      for (const ledger of this.#ledgers) ledger.lose(this, before.number);
    }
    return true;
  }

  #created({ ledger, offset }: Origin): Incarnation {
    // Its stream may have moved on, after it had seen the object that a stranger then deleted.
    const stranger = this.#isTampered && !ledger.isNext(offset) ? 'made' : 'none';
    return { ...nothing, number: this.now, stranger };
  }

  #land(body: Buffer, origin: Origin, { number, stranger }: Incarnation): void {
    const { ledger, offset, isRebasing } = origin;
    const end = offset + body.length;
    // The store compares only the length: the checksum alone shows that this is another object.
    if (!isRebasing && stranger === 'made' && number !== origin.object) {
      ledger.landAside(offset, end);
      return;
    }
    // Its stream cannot help that strangers have made room for it after it was settled.
    const isStray = isRebasing && origin.removals !== this.#removals && !ledger.isNext(offset);
    if (isStray) return;
    const what = `bytes ${this.length}+${body.length} of "${this.key}"`;
    this.#ledgers.add(ledger);
    const isNext = ledger.isNext(offset);
    ledger.land(this, number, offset, end);
    if (!isNext || !body.equals(ledger.source.bytes.subarray(offset, end))) {
      this.#blame(`${what} are not the next of the source`);
    }
  }
}

const nothing: Incarnation = {
  hidden: 0,
  bytes: Buffer.alloc(0),
  kind: 'Appendable',
  sealed: false,
  retained: false,
  number: 0,
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
    case 'remakes': {
      const hidden = before?.hidden ?? 0;
      // Its checksum would be that of the object before.
      if (hidden > 0 && bytes.length === 0) return before;
      // An empty object belongs to neither writer.
      return { ...nothing, hidden, bytes, stranger: hidden + bytes.length > 0 ? 'made' : 'none' };
    }
    case 'seals':
      return before && { ...before, sealed: true };
    case 'retains':
      return before && { ...before, retained: true };
    case 'appends':
    case 'appends-as-many': {
      if (before === undefined || isClosed(before)) return before;
      // A later object that is still empty stays so: strangers create their own instead.
      if (before.number > 0 && before.bytes.length === 0) return before;
      const stranger = before.stranger === 'made' ? 'made' : 'appended';
      return { ...before, bytes: Buffer.concat([before.bytes, bytes]), stranger };
    }
  }
}

/** Whether the object refuses all appends. */
export function isClosed({ kind, sealed, retained }: Incarnation): boolean {
  return kind === 'Normal' || sealed || retained;
}

/** Checksums of objects, computed once. */
const checksums = new WeakMap<Incarnation, bigint>();

/** The state that a store reports. */
export function describe(object: Incarnation | undefined): ObjectState | undefined {
  if (object === undefined) return undefined;
  const checksum = checksums.get(object) ?? checksumOf(object, object.bytes.length);
  checksums.set(object, checksum);
  return {
    length: object.hidden + object.bytes.length,
    crc64: checksum,
    appendable: object.kind === 'Appendable',
    sealed: object.sealed,
    objectType: object.kind,
  };
}

/** Checksum of an object's first bytes: of the hidden ones, and of `byteLength` behind them. */
export function checksumOf({ hidden, bytes }: Incarnation, byteLength: number): bigint {
  const checksum = crc64(bytes.subarray(0, byteLength));
  return hidden === 0 ? checksum : combineCrc64(hiddenChecksum, checksum, byteLength);
}
