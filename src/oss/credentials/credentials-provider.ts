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

// As in the official Go SDK, which refreshes credentials two minutes before they expire.
const refreshWindow = 120_000;

/** Minimum milliseconds between two calls while the cached credentials are valid. */
const refreshPause = 1000;

/** Milliseconds after which a new request makes a second call instead of waiting for the first. */
const longestCall = 30_000;

interface Cached {
  readonly credentials: Credentials;

  /** Milliseconds since 1970, by the clock of OSS. */
  readonly expiration: number;
}

/** A call of the provider that has not settled yet. */
interface Call {
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly answer: Promise<Credentials>;
}

/**
 * Credentials from a user's function, cached until they expire.
 *
 * In the last two minutes before that, new ones are requested in the background; a request waits
 * for the provider only if there are no valid cached credentials.
 */
export class ProvidedCredentials implements CredentialsSource {
  readonly #provider: CredentialsProvider;
  readonly #clock: ServiceClock;

  #cached: Cached | undefined;

  /** The last call, shared by all requests that need credentials meanwhile. */
  #call: Call | undefined;

  #calls = 0;

  /** Number of the call that returned `#cached`: an abandoned call may still settle after it. */
  #answeredCall = 0;

  /** Earliest time of the next background call, in milliseconds of the monotonic clock. */
  #nextRefresh = 0;

  /** A provider that worked before may work again; one that never worked is misconfigured. */
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
    // A synchronous provider has returned new ones by now.
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
      // The next request without valid credentials calls the provider again, and reports its error.
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
    // No unhandled rejection: nobody awaits a background call or an abandoned one.
    answer.catch(() => {});
    this.#call = { startedAt: nodeTimers.now(), answer };
    return answer;
  }

  #accept(value: unknown, number: number): Credentials {
    const fault = faultOf(value) ?? expirationFault(value);
    if (fault !== undefined) {
      throw new CredentialsError(`Cannot sign requests as the provider's result ${fault}`, {
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
    ? "must have 'expiration' as a Date, an ISO 8601 string or milliseconds: it is none of these"
    : undefined;
}

/** Milliseconds since 1970, `undefined` without an expiration, `NaN` for an invalid one. */
function expirationOf(value: unknown): number | undefined {
  const expiration: unknown = Reflect.get(value as object, 'expiration');
  if (expiration === undefined) return undefined;
  if (expiration instanceof Date) return expiration.getTime();
  if (typeof expiration === 'string') return Date.parse(expiration);
  return typeof expiration === 'number' ? expiration : Number.NaN;
}
