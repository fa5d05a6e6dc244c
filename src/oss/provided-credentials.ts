import { CredentialsError } from '../errors.js';
import {
  type Credentials,
  type CredentialsProvider,
  type CredentialsSource,
  copyCredentials,
  faultOf,
} from './credentials.js';

// As in the official Go SDK, whose fetcher refreshes two minutes before the end.
const refreshWindow = 120_000;

interface Cached {
  readonly credentials: Credentials;

  /** Milliseconds since 1970. */
  readonly expiration: number;
}

/** Credentials from a user's function, cached while they last. */
export class ProvidedCredentials implements CredentialsSource {
  readonly #provider: CredentialsProvider;

  #cached: Cached | undefined;

  /** The one call under way, shared by everybody who asks meanwhile. */
  #pending: Promise<Credentials> | undefined;

  /** A provider that worked before may work again; one that never did is misconfigured. */
  #hasWorked = false;

  constructor(provider: CredentialsProvider) {
    this.#provider = provider;
  }

  get(): Credentials | Promise<Credentials> {
    if (this.#cached !== undefined && Date.now() < this.#cached.expiration - refreshWindow) {
      return this.#cached.credentials;
    }
    return this.#pending ?? this.#ask();
  }

  renew(refused: Credentials): Credentials | Promise<Credentials> {
    if (this.#cached?.credentials === refused) this.#cached = undefined;
    return this.get();
  }

  abandon(awaited: Promise<Credentials>): CredentialsError {
    if (this.#pending === awaited) this.#pending = undefined;
    return this.#failure('the provider did not answer in time');
  }

  #ask(): Credentials | Promise<Credentials> {
    let provided: unknown;
    try {
      provided = this.#provider();
    } catch (error) {
      return this.#fallBack(this.#failure('the provider failed', error));
    }
    if (!isThenable(provided)) return this.#accept(provided);

    const pending: Promise<Credentials> = Promise.resolve(provided)
      .then(
        (value) => this.#accept(value),
        (error: unknown) => this.#fallBack(this.#failure('the provider failed', error)),
      )
      .finally(() => {
        if (this.#pending === pending) this.#pending = undefined;
      });
    this.#pending = pending;
    return pending;
  }

  #accept(value: unknown): Credentials {
    const fault = faultOf(value) ?? expirationFault(value);
    if (fault !== undefined) {
      return this.#fallBack(
        new CredentialsError(`Cannot sign requests as what the provider returned ${fault}`, {
          outcome: 'fatal',
        }),
      );
    }
    const credentials = copyCredentials(value as Credentials);
    const expiration = expirationOf(value);
    this.#cached = expiration === undefined ? undefined : { credentials, expiration };
    this.#hasWorked = true;
    return credentials;
  }

  #fallBack(error: CredentialsError): Credentials {
    if (this.#cached !== undefined && Date.now() < this.#cached.expiration) {
      return this.#cached.credentials;
    }
    throw error;
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
