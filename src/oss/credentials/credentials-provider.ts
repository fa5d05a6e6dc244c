import { CredentialsError } from '../../errors.js';
import { nodeTimers } from '../../timers/node-timers.js';
import type { ServiceClock } from '../signing/service-clock.js';
import {
  type Credentials,
  type CredentialsProvider,
  type CredentialsSource,
  copyCredentials,
  faultOf,
} from './credentials.js';

// As in the official Go SDK, whose fetcher refreshes two minutes before the end.
const refreshWindow = 120_000;

/** Least milliseconds between two calls while the cached credentials last. */
const refreshPause = 1000;

/** Milliseconds after which nobody new waits for a call, so that a second one is made. */
const longestCall = 30_000;

interface Cached {
  readonly credentials: Credentials;

  /** Milliseconds since 1970, by the clock of OSS. */
  readonly expiration: number;
}

/** A call of the provider that has not answered yet. */
interface Call {
  /** In milliseconds, by a clock that nobody sets. */
  readonly startedAt: number;
  readonly answer: Promise<Credentials>;
}

/**
 * Credentials from a user's function, cached while they last.
 *
 * In the two minutes before their end new ones are asked for in the background; a request waits for
 * an answer only when nothing cached is good any more.
 */
export class ProvidedCredentials implements CredentialsSource {
  readonly #provider: CredentialsProvider;
  readonly #clock: ServiceClock;

  #cached: Cached | undefined;

  /** The last call, shared by everybody who asks meanwhile. */
  #call: Call | undefined;

  /** Calls made so far. */
  #calls = 0;

  /** Which of the calls `#cached` is the answer to: one that was given up may answer after it. */
  #answeredCall = 0;

  /** No call is made in the background before this time, of the clock that nobody sets. */
  #nextRefresh = 0;

  /** A provider that worked before may work again; one that never did is misconfigured. */
  #hasWorked = false;

  constructor(provider: CredentialsProvider, clock: ServiceClock) {
    this.#provider = provider;
    this.#clock = clock;
  }

  get(): Credentials | Promise<Credentials> {
    const cached = this.#lasting();
    if (cached === undefined) return this.#underWay() ?? this.#ask();
    if (this.#clock.now() < cached.expiration - refreshWindow) return cached.credentials;
    this.#refresh();
    // A provider that waits for nothing has brought new ones by now.
    return (this.#lasting() ?? cached).credentials;
  }

  renew(refused: Credentials): Credentials | Promise<Credentials> {
    if (this.#cached?.credentials === refused) this.#cached = undefined;
    return this.get();
  }

  abandon(awaited: Promise<Credentials>): CredentialsError {
    if (this.#call?.answer === awaited) this.#call = undefined;
    return this.#failure('the provider did not answer in time');
  }

  #lasting(): Cached | undefined {
    const cached = this.#cached;
    return cached !== undefined && this.#clock.now() < cached.expiration ? cached : undefined;
  }

  #underWay(): Promise<Credentials> | undefined {
    const call = this.#call;
    if (call !== undefined && nodeTimers.now() - call.startedAt >= longestCall) {
      this.#call = undefined;
    }
    return this.#call?.answer;
  }

  #refresh(): void {
    const now = nodeTimers.now();
    if (now < this.#nextRefresh || this.#underWay() !== undefined) return;
    this.#nextRefresh = now + refreshPause;
    try {
      void this.#ask();
    } catch {
      // A request that finds nothing to sign with asks again, and reports what it meets.
    }
  }

  #ask(): Credentials | Promise<Credentials> {
    const number = ++this.#calls;
    let provided: unknown;
    try {
      provided = this.#provider();
      if (!isThenable(provided)) return this.#accept(provided, number);
    } catch (error) {
      return this.#fallBack(error);
    }
    const answer: Promise<Credentials> = Promise.resolve(provided)
      .then((value) => this.#accept(value, number))
      .catch((error: unknown) => this.#fallBack(error))
      .finally(() => {
        if (this.#call?.answer === answer) this.#call = undefined;
      });
    // Nobody may be waiting: the call is made in the background, or was given up.
    answer.catch(() => {});
    this.#call = { startedAt: nodeTimers.now(), answer };
    return answer;
  }

  #accept(value: unknown, number: number): Credentials {
    const fault = faultOf(value) ?? expirationFault(value);
    if (fault !== undefined) {
      throw new CredentialsError(`Cannot sign requests as what the provider returned ${fault}`, {
        outcome: 'fatal',
      });
    }
    const credentials = copyCredentials(value as Credentials);
    const expiration = expirationOf(value);
    this.#hasWorked = true;
    if (number > this.#answeredCall) {
      this.#answeredCall = number;
      this.#cached = expiration === undefined ? undefined : { credentials, expiration };
    }
    return credentials;
  }

  #fallBack(error: unknown): Credentials {
    const cached = this.#lasting();
    if (cached === undefined) throw this.#failure('the provider failed', error);
    return cached.credentials;
  }

  #failure(what: string, cause?: unknown): CredentialsError {
    if (cause instanceof CredentialsError) return cause;
    return new CredentialsError(
      `Cannot sign requests as ${what}`,
      { outcome: this.#hasWorked ? 'rejected' : 'fatal' },
      cause === undefined ? undefined : { cause },
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

function expirationFault(value: unknown): string | undefined {
  return Number.isNaN(expirationOf(value))
    ? "must have 'expiration' as a Date, an ISO 8601 string or milliseconds: it is none of them"
    : undefined;
}

/** Milliseconds since 1970, `undefined` without an expiration and `NaN` for one nobody can read. */
function expirationOf(value: unknown): number | undefined {
  const expiration: unknown = Reflect.get(value as object, 'expiration');
  if (expiration === undefined) return undefined;
  if (expiration instanceof Date) return expiration.getTime();
  if (typeof expiration === 'string') return Date.parse(expiration);
  return typeof expiration === 'number' ? expiration : Number.NaN;
}
