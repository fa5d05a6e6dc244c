import { type Credentials, isSameCredentials } from '../credentials/credentials.js';
import type { SignableOssRequest } from '../request/oss-request.js';
import { hasSameHeaders } from '../request/request-headers.js';

/** A request that has been signed. */
export interface SignedRequest {
  readonly path: string;

  /** Names and values in turn. */
  readonly headers: string[];
}

/** A request that was signed before it was made. */
interface Forecast {
  readonly request: SignableOssRequest;
  readonly credentials: Credentials;

  /** When it was signed, in seconds. */
  readonly second: number;
  readonly signed: SignedRequest;
}

/** Seconds for which a signature is used that was made ahead; OSS takes it for 15 minutes. */
const longestWait = 5;

/**
 * Most requests that are signed in one go. The second costs half of the first, whose code the
 * processor has to fetch again after every chunk.
 */
const greatestDepth = 4;

/** The requests that will probably be made of one object, signed while there was time. */
export class Foresight {
  /** In the order in which they are expected. */
  #forecasts: Forecast[] = [];

  /** How many requests to look ahead: more and more, as long as all of them come. */
  #depth = 1;

  get hasAny(): boolean {
    return this.#forecasts.length > 0;
  }

  /** What was signed for just this request, if anything was. */
  take(
    request: SignableOssRequest,
    credentials: Credentials,
    second: number,
  ): SignedRequest | undefined {
    const forecast = this.#forecasts.shift();
    if (forecast === undefined) return undefined;
    const age = second - forecast.second;
    if (
      age >= 0 &&
      age <= longestWait &&
      isSameRequest(forecast.request, request) &&
      isSameCredentials(forecast.credentials, credentials)
    ) {
      return forecast.signed;
    }
    this.#forecasts = [];
    this.#depth = 1;
    return undefined;
  }

  /**
   * Signs what is to come, if nothing is left of what was signed before.
   *
   * @param forecast Signs the request that will follow after `index` others.
   */
  renew(forecast: (index: number) => Forecast): void {
    if (this.hasAny) return;
    for (let index = 0; index < this.#depth; index++) this.#forecasts.push(forecast(index));
    this.#depth = Math.min(2 * this.#depth, greatestDepth);
  }
}

function isSameRequest(a: SignableOssRequest, b: SignableOssRequest): boolean {
  return (
    a.query === b.query &&
    a.method === b.method &&
    a.key === b.key &&
    hasSameHeaders(a.headers, b.headers)
  );
}
