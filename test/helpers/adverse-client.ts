import { setImmediate as turn } from 'node:timers/promises';
import { type AppendClient, NotAppendableError } from '../../src/index.js';
import {
  applyThenFail,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  type ScriptedClient,
} from '../append/scripted-client.js';
import { ScriptedStore } from '../append/scripted-store.js';

/** What goes wrong with one request. */
export const adversities = [
  'answer lost',
  'request lost',
  'applied late',
  'late requests land',
  'failed',
  'applied and failed',
  'rejected',
  'stranger appends',
  'stranger creates the next',
  'stranger seals',
  'stranger deletes',
  'stranger replaces',
  'turns normal',
] as const;

/** As well: the stream is destroyed before or after the request is executed. */
export type Adversity = (typeof adversities)[number] | 'destroyed before' | 'destroyed after';

/** Bytes of strangers, which are in no text in UTF-8. */
export const strange = 0xff;

/** A store of many objects to which something happens at certain requests. */
export class AdverseClient implements AppendClient {
  readonly store = new ScriptedStore();

  /** Confirmed contents that were deleted, by key. */
  readonly deleted = new Map<string, Buffer[]>();
  readonly #adversities: ReadonlyMap<number, readonly Adversity[]>;
  readonly #nextKey: (key: string) => string;
  readonly #keys = new Set<string>();
  #requests = 0;

  /** Called where the adversity is a destruction. */
  destroy: () => void = () => {};

  /** Length of an object as the stream knows it. */
  confirmed: (key: string) => number = () => 0;

  /** Whether it forbids HEAD and GET, and whether it returns checksums. */
  refusesReading = false;
  tellsCrc64 = true;

  /** @param adversities By the number of the request, from 1. */
  constructor(
    adversities: ReadonlyMap<number, readonly Adversity[]>,
    nextKey: (key: string) => string,
  ) {
    this.#adversities = adversities;
    this.#nextKey = nextKey;
  }

  readonly appendObject: AppendClient['appendObject'] = (key, ...rest) =>
    this.#run(key, 'append', () => this.store.appendObject(key, ...rest));

  readonly headObject: AppendClient['headObject'] = (key, options) =>
    this.#run(key, 'head', () => this.store.headObject(key, options));

  readonly getObject: AppendClient['getObject'] = (key, options) =>
    this.#run(key, 'get', () => this.store.getObject(key, options));

  readonly sealAppendObject: AppendClient['sealAppendObject'] = (key, position, options) =>
    this.#run(key, 'seal', () => this.store.sealAppendObject(key, position, options));

  async close(): Promise<void> {}

  /** Applies what may still land, also where an object of another type has been replaced. */
  land(): void {
    for (const key of this.#keys) {
      const client = this.store.at(key);
      if (client.object !== undefined) client.object.appendable = true;
      client.land();
    }
  }

  async #run<T>(
    key: string,
    operation: 'append' | 'head' | 'get' | 'seal',
    send: () => Promise<T>,
  ): Promise<T> {
    const adversities = this.#adversities.get(++this.#requests) ?? [];
    const object = this.#at(key);
    await turn();
    for (const adversity of adversities) this.#before(adversity, key, object);
    const { sealed = false, appendable = true, objectType } = object.object ?? {};
    const isRefused = operation === 'append' && (sealed || !appendable);
    const known = isRefused ? withoutEffect : behaviours;
    const behaviour = adversities.map((adversity) => known[adversity]).find(Boolean);
    if (behaviour !== undefined) object.script(operation, behaviour());
    try {
      if (isRefused && behaviour === undefined) {
        throw new NotAppendableError(`"${key}" takes no more`, { key, objectType });
      }
      return await send();
    } finally {
      if (adversities.includes('destroyed after')) this.destroy();
      await turn();
    }
  }

  #before(adversity: Adversity, key: string, client: ScriptedClient): void {
    const { object } = client;
    const stranger = Buffer.alloc(1 + (this.#requests % 7), strange);
    switch (adversity) {
      case 'late requests land':
        this.land();
        return;
      case 'stranger appends':
        if (object?.sealed !== true) client.strangerAppends(stranger);
        return;
      case 'stranger creates the next': {
        const next = this.#at(this.#nextKey(key));
        if (next.object === undefined) next.create(stranger);
        return;
      }
      case 'stranger seals':
        if (object !== undefined) object.sealed = true;
        return;
      case 'stranger deletes':
      case 'stranger replaces':
        if (object === undefined) return;
        this.deleted.set(key, [
          ...(this.deleted.get(key) ?? []),
          object.bytes.subarray(0, this.confirmed(key)),
        ]);
        client.object = undefined;
        if (adversity === 'stranger deletes') {
          // What is committed is not expected to land once more in a new object.
          if (this.confirmed(key) > 0) client.late.length = 0;
          return;
        }
        client.create(Buffer.alloc(object.bytes.byteLength, strange));
        return;
      case 'turns normal':
        if (object !== undefined) object.appendable = false;
        return;
      case 'destroyed before':
        this.destroy();
        return;
      default:
    }
  }

  #at(key: string): ScriptedClient {
    const { refusesReading, tellsCrc64 } = this;
    this.#keys.add(key);
    return Object.assign(this.store.at(key), { refusesReading, tellsCrc64 });
  }
}

type Behaviours = Partial<Record<Adversity, () => Behaviour>>;

const withoutEffect: Behaviours = {
  'answer lost': () => failWith(failure.unanswered()),
  'request lost': () => failWith(failure.unanswered()),
  failed: () => failWith(failure.answered()),
  'applied and failed': () => failWith(failure.answered()),
  rejected: () => failWith(failure.rejected()),
};

const behaviours: Behaviours = {
  ...withoutEffect,
  'answer lost': () => applyThenFail(failure.unanswered()),
  'applied late': () => failThenLand(failure.unanswered()),
  'applied and failed': () => applyThenFail(failure.answered()),
};
