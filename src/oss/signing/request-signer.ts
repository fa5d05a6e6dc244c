import type { Credentials } from '../credentials/credentials.js';
import type { SignableOssRequest } from '../request/oss-request.js';
import { encodeObjectKey } from '../request/percent-encode.js';
import { hasSameHeaders } from '../request/request-headers.js';
import { Foresight, type SignedRequest } from './presigned-requests.js';
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

/** A second in the words of signatures and of HTTP. */
interface Moment {
  /** Since 1970. */
  readonly second: number;
  readonly scope: SigningScope;
  readonly date: string;
}

/** An object, as signatures and as requests name it. */
interface Place {
  readonly resource: string;
  readonly path: string;
  readonly foresight: Foresight;

  /** What will probably follow the last request that was signed. */
  next: SignableOssRequest['next'];
}

/** Objects that are kept in mind, so that many streams can share a client. */
const mostPlaces = 1000;

/** The headers of a request, but for its signature. */
interface Dress {
  /** The ones it came with. */
  readonly own: SignableOssRequest['headers'];
  readonly moment: Moment;
  readonly securityToken: string | undefined;
  readonly signed: SignedHeaders;

  /** Names and values in turn: the form that undici need not convert. */
  readonly list: readonly string[];
}

/** Signs the requests to one bucket. */
export class RequestSigner {
  readonly clock: ServiceClock;

  readonly #bucket: string;
  readonly #region: string;
  readonly #pathPrefix: string;

  /** Deriving it takes five hashes, and it stays the same for a day. */
  #lastKey: { secret: string; date: string; signingKey: Buffer } | undefined;

  #moment: Moment | undefined;

  /** By key, the oldest first. */
  readonly #places = new Map<string, Place>();
  #lastDress: Dress | undefined;

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

  /** Signs a request that is about to leave. */
  sign(request: SignableOssRequest, credentials: Credentials): SignedRequest {
    const place = this.#placeOf(request.key);
    const { second } = this.#now();
    place.next = request.next;
    const foreseen = place.foresight.take(request, credentials, second);
    return foreseen ?? this.#sign(request, place, credentials);
  }

  /** Whether anything that may follow for an object has been signed already. */
  foresees(key: string): boolean {
    return this.#placeOf(key).foresight.hasAny;
  }

  /**
   * Signs what will probably follow the last request for an object, so that it need not wait for
   * that: the next may have been signed since this was called for.
   */
  signAhead(key: string, credentials: Credentials): void {
    const place = this.#placeOf(key);
    const { next } = place;
    if (next === undefined) return;
    place.foresight.renew((index) => {
      const request = next(index);
      const signed = this.#sign(request, place, credentials);
      return { request, credentials, second: this.#now().second, signed };
    });
  }

  #sign(request: SignableOssRequest, place: Place, credentials: Credentials): SignedRequest {
    const { method, query } = request;
    const { resource, path } = place;
    const { signed, list, moment } = this.#dress(request, credentials);
    const { scope } = moment;
    const authorization = authorize({ method, resource, query, headers: signed }, scope, {
      accessKeyId: credentials.accessKeyId,
      signingKey: this.#signingKey(credentials.accessKeySecret, scope),
    });
    return {
      path: query === '' ? path : `${path}?${query}`,
      headers: [...list, 'authorization', authorization],
    };
  }

  /** Requests with the same headers of their own are dressed alike for a second. */
  #dress({ headers: own }: SignableOssRequest, { securityToken }: Credentials): Dress {
    const moment = this.#now();
    const last = this.#lastDress;
    if (
      last?.moment === moment &&
      last.securityToken === securityToken &&
      hasSameHeaders(last.own, own)
    ) {
      return last;
    }
    const headers: Record<string, string> = {
      ...own,
      'x-oss-content-sha256': unsignedPayload,
      'x-oss-date': moment.scope.dateTime,
    };
    if (securityToken !== undefined) headers['x-oss-security-token'] = securityToken;
    const list = [...Object.entries(headers).flat(), 'date', moment.date];
    this.#lastDress = { own, moment, securityToken, signed: signedHeaders(headers), list };
    return this.#lastDress;
  }

  #placeOf(key: string): Place {
    let place = this.#places.get(key);
    if (place === undefined) {
      const resource = canonicalResource(this.#bucket, key);
      const path = `${this.#pathPrefix}${encodeObjectKey(key)}`;
      place = { resource, path, foresight: new Foresight(), next: undefined };
      this.#places.set(key, place);
      const [oldest] = this.#places.keys();
      if (this.#places.size > mostPlaces) this.#places.delete(oldest as string);
    }
    return place;
  }

  /** This moment, which for signatures is a second long. */
  #now(): Moment {
    const second = Math.floor(this.clock.now() / 1000);
    if (this.#moment?.second !== second) {
      const now = new Date(second * 1000);
      const dateTime = now.toISOString().replace(/[-:]|\.\d+/g, '');
      this.#moment = {
        second,
        scope: { dateTime, region: this.#region, product: 'oss' },
        date: now.toUTCString(),
      };
    }
    return this.#moment;
  }

  #signingKey(secret: string, scope: SigningScope): Buffer {
    const date = scope.dateTime.slice(0, 8);
    if (this.#lastKey?.secret !== secret || this.#lastKey.date !== date) {
      this.#lastKey = { secret, date, signingKey: deriveSigningKey(secret, scope) };
    }
    return this.#lastKey.signingKey;
  }
}
