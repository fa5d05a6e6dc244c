import type { AppendReceipt, CopiedCreation, ObjectState } from '../../src/append/append-client.js';
import { NotAppendableError } from '../../src/errors.js';
import { failure } from '../append/scripted-client.js';
import {
  describe,
  type HistoryOptions,
  type Incarnation,
  isClosed,
  ObjectHistory,
  type Origin,
} from './object-history.js';

/** An append that has arrived at the store. */
export interface ArrivedAppend {
  readonly key: string;
  readonly position: number;
  readonly body: Buffer;
  readonly create: CopiedCreation | undefined;
  readonly origin: Origin;
}

export interface StoreOptions extends HistoryOptions {
  /** Most bytes of an object. */
  readonly maxSize: number;
}

/**
 * A store of objects. HEAD may show a state from before an unanswered append, but never from before
 * an answered one, or from before an earlier HEAD.
 */
export class SimulatedStore {
  readonly #histories = new Map<string, ObjectHistory>();
  readonly #options: StoreOptions;

  /** Keys of objects that have bytes, in the order in which they got their first. */
  readonly order: string[] = [];

  /** Appends of bytes that were applied. */
  appends = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** The object at this key, whether it exists or not. */
  history(key: string): ObjectHistory {
    return this.#histories.get(key) ?? this.put(key, undefined);
  }

  /** Creates the object, or nothing yet, before the life begins. */
  put(key: string, base: Partial<Incarnation> | undefined): ObjectHistory {
    const history = new ObjectHistory(key, base, this.#options);
    this.#histories.set(key, history);
    if (base !== undefined) this.#note(key);
    return history;
  }

  /** All keys that anybody has asked for. */
  get keys(): readonly string[] {
    return [...this.#histories.keys()];
  }

  get histories(): readonly ObjectHistory[] {
    return [...this.#histories.values()];
  }

  /** Called when somebody has looked at all objects. */
  reveal(): void {
    for (const history of this.#histories.values()) history.reveal(history.now);
  }

  /** How often any object has changed. */
  get changes(): number {
    return [...this.#histories.values()].reduce((sum, { now }) => sum + now, 0);
  }

  /** Handles an append as OSS does. */
  append({ key, position, body, create, origin }: ArrivedAppend): AppendReceipt {
    const history = this.history(key);
    const { current, length } = history;
    if (current !== undefined && isClosed(current)) {
      throw new NotAppendableError(`"${key}" takes no appends`, { key, objectType: current.kind });
    }
    if (position !== length) throw failure.conflict(length);
    if (position + body.length > this.#options.maxSize) throw failure.fatal();
    if (current === undefined && create === undefined && !history.isTampered) {
      this.#options.blame('an append that creates the object does not say how');
    }
    history.append(body, origin);
    if (body.length > 0) this.#note(key);
    if (body.length > 0) this.appends++;
    const { crc64 } = describe(history.current) as ObjectState;
    return { nextPosition: position + body.length, crc64 };
  }

  #note(key: string): void {
    if (!this.order.includes(key)) this.order.push(key);
  }

  /** Seals the object as OSS does. */
  seal(key: string, position: number): void {
    const history = this.history(key);
    const { current, length } = history;
    if (current === undefined || current.kind !== 'Appendable') throw failure.fatal();
    if (position !== length) throw failure.conflict(length);
    history.seal();
  }
}
