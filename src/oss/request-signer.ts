import type { Credentials } from './credentials.js';
import { encodeObjectKey } from './object-path.js';
import type { OssRequest } from './oss-request.js';
import {
  authorize,
  canonicalQuery,
  canonicalResource,
  deriveSigningKey,
  type SigningScope,
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
  readonly key: string;
  readonly resource: string;
  readonly path: string;
}

/** Signs the requests to one bucket. */
export class RequestSigner {
  /** Milliseconds OSS's clock is ahead of ours. */
  clockOffset = 0;

  readonly #bucket: string;
  readonly #region: string;
  readonly #pathPrefix: string;

  /** Deriving it takes five hashes, and it stays the same for a day. */
  #lastKey: { secret: string; date: string; signingKey: Buffer } | undefined;

  #moment: Moment | undefined;
  #lastPlace: Place | undefined;

  constructor(options: { bucket: string; region: string; pathPrefix: string }) {
    this.#bucket = options.bucket;
    this.#region = options.region;
    this.#pathPrefix = options.pathPrefix;
  }

  /** Path and headers of the request, signed for this moment. */
  sign(request: OssRequest, credentials: Credentials): { path: string; headers: string[] } {
    const { method, key } = request;
    const query = canonicalQuery(request.query);
    const { resource, path } = this.#placeOf(key);
    const { scope, date } = this.#now();
    const signed: Record<string, string> = {
      ...request.headers,
      'x-oss-content-sha256': unsignedPayload,
      'x-oss-date': scope.dateTime,
    };
    if (credentials.securityToken !== undefined) {
      signed['x-oss-security-token'] = credentials.securityToken;
    }
    const authorization = authorize({ method, resource, query, headers: signed }, scope, {
      accessKeyId: credentials.accessKeyId,
      signingKey: this.#signingKey(credentials.accessKeySecret, scope),
    });
    // Names and values in turn: the form that undici need not convert.
    const headers: string[] = [];
    for (const name in signed) headers.push(name, signed[name] as string);
    headers.push('date', date, 'authorization', authorization);

    return { path: query === '' ? path : `${path}?${query}`, headers };
  }

  /** A stream names one key in request after request. */
  #placeOf(key: string): Place {
    if (this.#lastPlace?.key !== key) {
      const resource = canonicalResource(this.#bucket, key);
      this.#lastPlace = { key, resource, path: `${this.#pathPrefix}${encodeObjectKey(key)}` };
    }
    return this.#lastPlace;
  }

  /** This moment, which for signatures is a second long. */
  #now(): Moment {
    const second = Math.floor((Date.now() + this.clockOffset) / 1000);
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
