import type { Credentials } from './credentials.js';
import { encodeObjectKey } from './object-path.js';
import type { OssRequest } from './oss-request.js';
import {
  authorize,
  canonicalQuery,
  deriveSigningKey,
  type SigningScope,
  unsignedPayload,
} from './signature-v4.js';

/** Signs the requests to one bucket. */
export class RequestSigner {
  /** Milliseconds OSS's clock is ahead of ours. */
  clockOffset = 0;

  readonly #bucket: string;
  readonly #region: string;
  readonly #pathPrefix: string;

  /** Deriving it takes five hashes, and it stays the same for a day. */
  #lastKey: { secret: string; date: string; signingKey: Buffer } | undefined;

  constructor(options: { bucket: string; region: string; pathPrefix: string }) {
    this.#bucket = options.bucket;
    this.#region = options.region;
    this.#pathPrefix = options.pathPrefix;
  }

  /** Path and headers of the request, signed for this moment. */
  sign(request: OssRequest, credentials: Credentials): { path: string; headers: string[] } {
    const { method, key, query } = request;
    const now = new Date(Date.now() + this.clockOffset);
    const scope: SigningScope = {
      dateTime: now.toISOString().replace(/[-:]|\.\d+/g, ''),
      region: this.#region,
      product: 'oss',
    };
    const headers: Record<string, string> = {
      ...request.headers,
      'x-oss-content-sha256': unsignedPayload,
      'x-oss-date': scope.dateTime,
    };
    if (credentials.securityToken !== undefined) {
      headers['x-oss-security-token'] = credentials.securityToken;
    }
    const authorization = authorize({ method, bucket: this.#bucket, key, query, headers }, scope, {
      accessKeyId: credentials.accessKeyId,
      signingKey: this.#signingKey(credentials.accessKeySecret, scope),
    });
    headers.date = now.toUTCString();
    headers.authorization = authorization;

    const queryString = canonicalQuery(query);
    return {
      path: `${this.#pathPrefix}${encodeObjectKey(key)}${queryString && `?${queryString}`}`,
      headers: Object.entries(headers).flat(),
    };
  }

  #signingKey(secret: string, scope: SigningScope): Buffer {
    const date = scope.dateTime.slice(0, 8);
    if (this.#lastKey?.secret !== secret || this.#lastKey.date !== date) {
      this.#lastKey = { secret, date, signingKey: deriveSigningKey(secret, scope) };
    }
    return this.#lastKey.signingKey;
  }
}
