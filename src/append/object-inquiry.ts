import { attemptTimeout } from '../attempt-timeout.js';
import type { AppendClient, ObjectCreation, ObjectState, RequestOptions } from './append-client.js';
import { withDeadline } from './request-deadline.js';
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
export class ObjectInquiry {
  readonly #client: AppendClient;
  readonly #key: string;
  readonly #requestTimeout: number;
  readonly #request: RequestOptions;

  /** The store refuses HEAD to these credentials. */
  #headForbidden = false;

  constructor(
    client: AppendClient,
    key: string,
    requestTimeout: number,
    request: Omit<RequestOptions, 'signal'>,
  ) {
    this.#client = client;
    this.#key = key;
    this.#requestTimeout = requestTimeout;
    this.#request = request;
  }

  /**
   * Resolves with the object's state, or with `undefined` where there is no object.
   *
   * Without `whereabouts` it never probes: a forbidden HEAD is then the answer.
   */
  async ask(
    signal: AbortSignal,
    whereabouts: Whereabouts | undefined,
  ): Promise<ObjectState | undefined> {
    if (!this.#headForbidden || whereabouts === undefined) {
      try {
        return checked(
          await this.#within(signal, (request) => this.#client.headObject(this.#key, request)),
        );
      } catch (error) {
        if (judge(error).outcome !== 'forbidden' || whereabouts === undefined) throw error;
        this.#headForbidden = true;
      }
    }
    return this.#probe(signal, whereabouts);
  }

  async #probe(signal: AbortSignal, whereabouts: Whereabouts): Promise<ObjectState> {
    const { guess, least, greatest } = whereabouts;
    try {
      return await this.#appendNothing(signal, guess, whereabouts.create);
    } catch (error) {
      const { outcome, actualLength } = judge(error);
      if (outcome !== 'conflict' || actualLength === undefined || actualLength === guess) {
        throw error;
      }
      // Any other length settles the matter by itself; asking again might recreate the object.
      if (actualLength < least || actualLength > greatest) {
        return { length: actualLength, appendable: true, sealed: false };
      }
      return this.#appendNothing(signal, actualLength, whereabouts.create);
    }
  }

  async #appendNothing(
    signal: AbortSignal,
    position: number,
    create: ObjectCreation | undefined,
  ): Promise<ObjectState> {
    const receipt = await this.#within(signal, (request) =>
      this.#client.appendObject(this.#key, position, new Uint8Array(0), {
        ...request,
        create: position === 0 ? create : undefined,
      }),
    );
    if (receipt.nextPosition !== position) {
      throw new Error(
        `An append of 0 bytes at position ${position} was answered with position ${receipt.nextPosition}`,
      );
    }
    return { length: position, crc64: receipt.crc64, appendable: true, sealed: false };
  }

  #within<T>(signal: AbortSignal, run: (request: RequestOptions) => Promise<T>): Promise<T> {
    const timeout = attemptTimeout(this.#requestTimeout, 0, undefined);
    return withDeadline(signal, timeout, (inner, suspendTimeout) =>
      run({ ...this.#request, signal: inner, suspendTimeout }),
    );
  }
}

function checked(state: ObjectState | undefined): ObjectState | undefined {
  if (state !== undefined && !isLength(state.length)) {
    throw new Error(`The client says that the object is ${state.length} bytes long`);
  }
  return state;
}
