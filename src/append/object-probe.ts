import type { AppendClient, ObjectCreation, ObjectState } from './append-client.js';
import { describeNumber } from './describe-number.js';
import type { RequestRunner } from './request-runner.js';
import { isLength, judge } from './retry-policy.js';

/** Where the object's end may be, as far as the asker cares. */
export interface Whereabouts {
  /** Length that is most likely. */
  readonly guess: number;

  /** Least and greatest length whose checksum matters. */
  readonly least: number;
  readonly greatest: number;

  /** How to create the object, when asking may create it. */
  readonly create: ObjectCreation | undefined;
}

/**
 * Asks the store for the state of one object.
 *
 * HEAD needs the permission to read. Where it is forbidden, an append of no bytes asks instead: it
 * answers with position and checksum where the position was right, and with the length where it was
 * not.
 */
export class ObjectProbe {
  readonly #client: AppendClient;
  readonly #key: string;
  readonly #requests: RequestRunner;

  /** The store refuses HEAD to these credentials. */
  #headForbidden = false;

  constructor(client: AppendClient, key: string, requests: RequestRunner) {
    this.#client = client;
    this.#key = key;
    this.#requests = requests;
  }

  /**
   * Resolves with the object's state, or with `undefined` where there is no object.
   *
   * Without `whereabouts` it never probes: a forbidden HEAD is then the answer.
   */
  async ask(whereabouts: Whereabouts | undefined): Promise<ObjectState | undefined> {
    if (!this.#headForbidden || whereabouts === undefined) {
      try {
        return checked(
          await this.#requests.run(0, (options) => this.#client.headObject(this.#key, options)),
        );
      } catch (error) {
        if (judge(error).outcome !== 'forbidden' || whereabouts === undefined) throw error;
        this.#headForbidden = true;
      }
    }
    return this.#probe(whereabouts);
  }

  async #probe(whereabouts: Whereabouts): Promise<ObjectState> {
    const { guess, least, greatest } = whereabouts;
    try {
      return await this.#appendNothing(guess, whereabouts.create);
    } catch (error) {
      const { outcome, actualLength } = judge(error);
      if (outcome !== 'conflict' || actualLength === undefined || actualLength === guess) {
        throw error;
      }
      // Any other length settles the matter by itself; asking again might recreate the object.
      if (actualLength < least || actualLength > greatest) {
        return { length: actualLength, appendable: true, sealed: false };
      }
      return this.#appendNothing(actualLength, whereabouts.create);
    }
  }

  async #appendNothing(position: number, create: ObjectCreation | undefined): Promise<ObjectState> {
    const receipt = await this.#requests.run(0, (options) =>
      this.#client.appendObject(this.#key, position, new Uint8Array(0), {
        ...options,
        create: position === 0 ? create : undefined,
      }),
    );
    const next: unknown = receipt?.nextPosition;
    if (next !== position) {
      throw new Error(
        `An append of 0 bytes at position ${position} was answered with position ${describeNumber(next)}`,
      );
    }
    return { length: position, crc64: receipt.crc64, appendable: true, sealed: false };
  }
}

function checked(state: ObjectState | undefined): ObjectState | undefined {
  // Whoever wrote the client may have taken `null` for nothing, too.
  if (state !== undefined && !isLength(state?.length)) {
    throw new Error(
      `The client says that the object is ${describeNumber(state?.length)} bytes long`,
    );
  }
  return state;
}
