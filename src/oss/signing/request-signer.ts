import type { Credentials } from '../credentials/credentials.js';
import type { SignableOssRequest } from '../request/oss-request.js';
import { encodeObjectKey } from '../request/percent-encode.js';
import { hasSameHeaders } from '../request/request-headers.js';
import { PresignedRequests, type SignedRequest } from './presigned-requests.js';
import type { ServiceClock } from './service-clock.js';
import {
  authorize,
  canonicalResource,
  deriveSigningKey,
  type SignedHeaders,
  type SigningScope,
  signedHeaders,
  unsignedPayload,
} from './signature-v4.js';

/** One second, in the formats of signatures and HTTP. */
interface SigningTime {
  /** Since 1970. */
  readonly second: number;
  readonly scope: SigningScope;
  readonly date: string;
}

/** What the signer keeps for one object. */
interface ObjectSigningState {
  readonly resource: string;
  readonly path: string;
  readonly presigned: PresignedRequests;

  /** The probable request after the one signed last. */
  next: SignableOssRequest['next'];
}

/** Maximum number of objects to keep state for: enough for many streams that share a client. */
const mostStates = 1000;

/** All headers of a request except its signature. */
interface SignedHeaderSet {
  /** Headers of the unsigned request. */
  readonly own: SignableOssRequest['headers'];
  readonly time: SigningTime;
  readonly securityToken: string | undefined;
  readonly signed: SignedHeaders;

  /** Alternating names and values: undici need not convert this form. */
  readonly list: readonly string[];
}

/** Signs the requests to one bucket. */
export class RequestSigner {
  readonly clock: ServiceClock;

  readonly #bucket: string;
  readonly #region: string;
  readonly #pathPrefix: string;

  /** Cached: deriving a key takes five hashes, and it is valid for a day. */
  #lastKey: { secret: string; date: string; signingKey: Buffer } | undefined;

  #time: SigningTime | undefined;

  /** By object key, oldest first. */
  readonly #states = new Map<string, ObjectSigningState>();
  #lastHeaderSet: SignedHeaderSet | undefined;

  constructor(options: {
    bucket: string;
    region: string;
    pathPrefix: string;
    clock: ServiceClock;
  }) {
    this.clock = options.clock;
    this.#bucket = options.bucket;
    this.#region = options.region;
    this.#pathPrefix = options.pathPrefix;
  }

  /** Signs a request that is about to be sent. */
  sign(request: SignableOssRequest, credentials: Credentials): SignedRequest {
    const state = this.#stateOf(request.key);
    const { second } = this.#now();
    state.next = request.next;
    const presigned = state.presigned.take(request, credentials, second);
    return presigned ?? this.#sign(request, state, credentials);
  }

  /** Whether a probable next request for an object has been presigned. */
  hasPresigned(key: string): boolean {
    return this.#stateOf(key).presigned.hasAny;
  }

  /**
   * Presigns the probable requests after the last one for an object, so that they need not wait for
   * signing. Uses the request signed last, which may be newer than the one that scheduled this.
   */
  signAhead(key: string, credentials: Credentials): void {
    const state = this.#stateOf(key);
    const { next } = state;
    if (next === undefined) return;
    state.presigned.renew((index) => {
      const request = next(index);
      const signed = this.#sign(request, state, credentials);
      return { request, credentials, second: this.#now().second, signed };
    });
  }

  #sign(
    request: SignableOssRequest,
    state: ObjectSigningState,
    credentials: Credentials,
  ): SignedRequest {
    const { method, query } = request;
    const { resource, path } = state;
    const { signed, list, time } = this.#headerSetOf(request, credentials);
    const { scope } = time;
    const authorization = authorize({ method, resource, query, headers: signed }, scope, {
      accessKeyId: credentials.accessKeyId,
      signingKey: this.#signingKey(credentials.accessKeySecret, scope),
    });
    return {
      path: query === '' ? path : `${path}?${query}`,
      headers: [...list, 'authorization', authorization],
    };
  }

  /** Within one second, requests with the same headers share a header set. */
  #headerSetOf(
    { headers: own }: SignableOssRequest,
    { securityToken }: Credentials,
  ): SignedHeaderSet {
    const time = this.#now();
    const last = this.#lastHeaderSet;
    if (
      last?.time === time &&
      last.securityToken === securityToken &&
      hasSameHeaders(last.own, own)
    ) {
      return last;
    }
    const headers: Record<string, string> = {
      ...own,
      'x-oss-content-sha256': unsignedPayload,
      'x-oss-date': time.scope.dateTime,
    };
    if (securityToken !== undefined) headers['x-oss-security-token'] = securityToken;
    const list = [...Object.entries(headers).flat(), 'date', time.date];
    this.#lastHeaderSet = { own, time, securityToken, signed: signedHeaders(headers), list };
    return this.#lastHeaderSet;
  }

  #stateOf(key: string): ObjectSigningState {
    let state = this.#states.get(key);
    if (state === undefined) {
      const resource = canonicalResource(this.#bucket, key);
      const path = `${this.#pathPrefix}${encodeObjectKey(key)}`;
      state = { resource, path, presigned: new PresignedRequests(), next: undefined };
      this.#states.set(key, state);
      const [oldest] = this.#states.keys();
      if (this.#states.size > mostStates) this.#states.delete(oldest as string);
    }
    return state;
  }

  /** The current time; signatures have a resolution of one second. */
  #now(): SigningTime {
    const second = Math.floor(this.clock.now() / 1000);
    if (this.#time?.second !== second) {
      const now = new Date(second * 1000);
      const dateTime = now.toISOString().replace(/[-:]|\.\d+/g, '');
      this.#time = {
        second,
        scope: { dateTime, region: this.#region, product: 'oss' },
        date: now.toUTCString(),
      };
    }
    return this.#time;
  }

  #signingKey(secret: string, scope: SigningScope): Buffer {
    const date = scope.dateTime.slice(0, 8);
    if (this.#lastKey?.secret !== secret || this.#lastKey.date !== date) {
      this.#lastKey = { secret, date, signingKey: deriveSigningKey(secret, scope) };
    }
    return this.#lastKey.signingKey;
  }
}
