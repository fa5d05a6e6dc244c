import { NotAppendableError } from '../errors.js';
import type { AppendClient, ObjectCreation, ObjectState } from './append-client.js';
import { maxAppendableObjectSize } from './append-target.js';
import { describeNumber } from './describe-number.js';
import type { RequestRunner } from './request-runner.js';
import { isLength, judge } from './retry-policy.js';

/** Lengths of the object that the caller expects. */
export interface Whereabouts {
  /** The most likely length. */
  readonly guess: number;

  /** Least and greatest length for which the checksum is needed. */
  readonly least: number;
  readonly greatest: number;

  /** How to create the object, if the probe may create it. */
  readonly create: ObjectCreation | undefined;
}

/**
 * Asks the store for the state of objects.
 *
 * HEAD needs the permission to read. Where it is forbidden, an append of 0 bytes replaces it: at
 * the right position the store answers with position and checksum, at any other with the length.
 */
export class ObjectProbe {
  readonly #client: AppendClient;
  readonly #requests: RequestRunner;

  readonly #onHeadForbidden: () => void;

  /** The store forbids HEAD to these credentials. */
  #headForbidden = false;

  /** @param onHeadForbidden Called when HEAD is forbidden for the first time. */
  constructor(client: AppendClient, requests: RequestRunner, onHeadForbidden = () => {}) {
    this.#client = client;
    this.#requests = requests;
    this.#onHeadForbidden = onHeadForbidden;
  }

  /**
   * Resolves with the object's state, or with `undefined` if it does not exist.
   *
   * Without `whereabouts` it never appends: a forbidden HEAD is then an error.
   */
  async ask(key: string, whereabouts: Whereabouts | undefined): Promise<ObjectState | undefined> {
    if (!this.#headForbidden || whereabouts === undefined) {
      try {
        return checkedState(
          await this.#requests.run(0, (options) => this.#client.headObject(key, options)),
        );
      } catch (error) {
        if (judge(error).outcome !== 'forbidden' || whereabouts === undefined) throw error;
        this.#forbidHead();
      }
    }
    return this.#probe(key, whereabouts);
  }

  /**
   * As {@link ask}, and never creates the object: where HEAD is forbidden the append of 0 bytes names a
   * position that no object to be continued has. An empty object then counts as none.
   */
  async find(key: string): Promise<ObjectState | undefined> {
    if (!this.#headForbidden) {
      try {
        return await this.ask(key, undefined);
      } catch (error) {
        if (judge(error).outcome !== 'forbidden') throw error;
        this.#forbidHead();
      }
    }
    try {
      return await this.#appendNothing(key, maxAppendableObjectSize, undefined);
    } catch (error) {
      if (error instanceof NotAppendableError) {
        return { length: 0, appendable: false, sealed: false, objectType: error.objectType };
      }
      const { outcome, actualLength } = judge(error);
      if (outcome !== 'conflict' || actualLength === undefined) throw error;
      return actualLength === 0
        ? undefined
        : { length: actualLength, appendable: true, sealed: false };
    }
  }

  /** Completes what {@link find} found without HEAD by the checksum, for an object to go on with. */
  async complete(key: string, found: ObjectState): Promise<ObjectState> {
    if (!this.#headForbidden) return found;
    const greatest = Number.POSITIVE_INFINITY;
    return this.#probe(key, { guess: found.length, least: 1, greatest, create: undefined });
  }

  #forbidHead(): void {
    this.#headForbidden = true;
    this.#onHeadForbidden();
  }

  async #probe(key: string, whereabouts: Whereabouts): Promise<ObjectState> {
    const { guess, least, greatest } = whereabouts;
    try {
      return await this.#appendNothing(key, guess, whereabouts.create);
    } catch (error) {
      const { outcome, actualLength } = judge(error);
      if (outcome !== 'conflict' || actualLength === undefined || actualLength === guess) {
        throw error;
      }
      // Outside of the range the length alone decides; another append might recreate the object.
      if (actualLength < least || actualLength > greatest) {
        return { length: actualLength, appendable: true, sealed: false };
      }
      return this.#appendNothing(key, actualLength, whereabouts.create);
    }
  }

  async #appendNothing(
    key: string,
    position: number,
    create: ObjectCreation | undefined,
  ): Promise<ObjectState> {
    const receipt = await this.#requests.run(0, (options) =>
      this.#client.appendObject(key, position, new Uint8Array(0), {
        ...options,
        create: position === 0 ? create : undefined,
      }),
    );
    const next: unknown = receipt?.nextPosition;
    if (next !== position) {
      throw new Error(
        `The answer to an append of 0 bytes at position ${position} names ${describeNumber(next)} as the next position`,
      );
    }
    return { length: position, crc64: receipt.crc64, appendable: true, sealed: false };
  }
}

/** @throws {Error} If a custom client returned no usable length. */
export function checkedState(state: ObjectState | undefined): ObjectState | undefined {
  // `null` is an error too: a custom client may return it instead of `undefined`.
  if (state !== undefined && !isLength(state?.length)) {
    throw new Error(
      `The client returned ${describeNumber(state?.length)} as the length of the object`,
    );
  }
  return state;
}
