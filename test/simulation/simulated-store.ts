import type { AppendReceipt, ObjectCreation, ObjectState } from '../../src/append/append-client.js';
import { failure } from '../append/scripted-client.js';
import { describe, type ObjectHistory } from './object-history.js';

/**
 * A store with one object. HEAD may show a state from before an unanswered append, but never from
 * before an answered one, or from before an earlier HEAD.
 */
export class SimulatedStore {
  readonly history: ObjectHistory;
  readonly #blame: (problem: string) => void;
  #oldest = 0;

  constructor(history: ObjectHistory, blame: (problem: string) => void) {
    this.history = history;
    this.#blame = blame;
  }

  /** Number of the oldest state of the object that it may still show. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Called when a caller learns of the state with this number. */
  reveal(number: number): void {
    this.#oldest = Math.max(this.#oldest, number);
  }

  /** Handles an append as OSS does. */
  append(position: number, body: Buffer, create: ObjectCreation | undefined): AppendReceipt {
    const { current, length } = this.history;
    if (current !== undefined && (current.kind !== 'Appendable' || current.sealed)) {
      throw failure.fatal();
    }
    if (position !== length) throw failure.conflict(length);
    if (current === undefined && create === undefined && !this.history.isTampered) {
      this.#blame('an append that creates the object does not say how');
    }
    this.history.append(body);
    const { crc64 } = describe(this.history.current) as ObjectState;
    return { nextPosition: position + body.length, crc64 };
  }

  /** Seals the object as OSS does. */
  seal(position: number): void {
    const { current, length } = this.history;
    if (current === undefined || current.kind !== 'Appendable') throw failure.fatal();
    if (position !== length) throw failure.conflict(length);
    this.history.seal();
  }

  /** The object as it was in the state with this number. */
  head(number: number): ObjectState | undefined {
    return describe(this.history.at(number));
  }
}
