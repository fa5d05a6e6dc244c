import type { OperationName } from '../operations/operation-name.js';
import { assertFault } from './assert-fault.js';
import type { Fault, FaultKind } from './fault.js';

/** The properties of a request that a fault matches. */
export interface FaultTarget {
  readonly operation: OperationName;
  readonly key: string | undefined;
}

/** Selects the fault that fires on a request. Does not apply it. */
export class FaultList {
  readonly #random: () => number;
  #entries: Entry[] = [];

  /** @param random Numbers in `[0, 1)`. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Adds a fault after the existing ones.
   *
   * @returns A function that removes it again.
   * @throws {TypeError} If a field has the wrong type, or `kind` or `operation` is unknown.
   * @throws {RangeError} If a number is out of range.
   */
  add(fault: Fault): () => void {
    const copy = { ...fault };
    assertFault(copy);
    const entry: Entry = { fault: copy, seen: 0, fired: 0 };
    this.#entries.push(entry);
    return () => {
      this.#entries = this.#entries.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#entries = [];
  }

  /** Counts a request and returns the fault that fires on it. */
  take(target: FaultTarget): Fault | undefined {
    let firing: Entry | undefined;
    for (const entry of this.#entries) {
      if (!matches(entry.fault, target)) continue;
      entry.seen++;
      if (firing === undefined && isDue(entry) && this.#isChosen(entry)) firing = entry;
    }
    if (firing === undefined) return undefined;
    firing.fired++;
    return firing.fault;
  }

  #isChosen({ fault }: Entry): boolean {
    return fault.probability === undefined || this.#random() < fault.probability;
  }
}

interface Entry {
  readonly fault: Fault;

  /** Matching requests so far, the current one included. */
  seen: number;
  fired: number;
}

const appendKinds: readonly FaultKind[] = ['stranger', 'stranger-drop', 'retain', 'early-conflict'];

function matches(fault: Fault, { operation, key }: FaultTarget): boolean {
  const wanted = fault.operation ?? (appendKinds.includes(fault.kind) ? 'append' : operation);
  return wanted === operation && (fault.key === undefined || fault.key === key);
}

function isDue({ fault: { nth, times }, seen, fired }: Entry): boolean {
  if (fired >= (times ?? (nth === undefined ? Number.POSITIVE_INFINITY : 1))) return false;
  if (nth === undefined) return true;
  return times === undefined ? seen === nth : seen >= nth;
}
