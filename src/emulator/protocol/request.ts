import type { IncomingMessage } from 'node:http';
import { locateTarget, type QueryParameter } from './request-target.js';

/** A parsed request: method, bucket, key, query and headers. */
export interface OssRequest {
  readonly method: string;

  /** `undefined` for a request to the service. */
  readonly bucket: string | undefined;

  /** Decoded; `undefined` for a request to the service or a bucket. */
  readonly key: string | undefined;

  /** The path names a bucket without its trailing slash. */
  readonly isBare?: boolean;

  /** Decoded names and values in their original order; a missing value is `''`. */
  readonly query: readonly QueryParameter[];

  /**
   * Lower-case names; repeated headers are joined with a comma, as signatures require. A value has
   * one character per byte, and no space around it: Node removes that.
   */
  readonly headers: ReadonlyMap<string, string>;

  /** The `Host` header, or `''`. */
  readonly hostId: string;

  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

export interface ParseOptions {
  /** Host that the server listens on; as a `Host` header it does not contain a bucket. */
  readonly host: string;
  readonly expectsContinue: boolean;
}

/**
 * Parses the head of a request. Uses the raw request target, because a URL parser would normalize
 * dots and slashes in a key.
 *
 * @throws {OssError} If the target is malformed.
 */
export function parseRequest(
  incoming: Pick<IncomingMessage, 'method' | 'url' | 'headersDistinct'>,
  { host, expectsContinue }: ParseOptions,
): OssRequest {
  const headers = joinHeaders(incoming.headersDistinct);
  const hostId = headers.get('host') ?? '';
  return {
    method: incoming.method ?? '',
    ...locateTarget(incoming.url ?? '/', { hostId, ownHost: host }),
    headers,
    hostId,
    expectsContinue,
  };
}

function joinHeaders(distinct: IncomingMessage['headersDistinct']): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, values] of Object.entries(distinct)) {
    headers.set(name, (values ?? []).join(','));
  }
  return headers;
}

/** The value of a query parameter: `''` if it has none, `undefined` if it is absent. */
export function queryValue({ query }: OssRequest, name: string): string | undefined {
  return query.find(([other]) => other === name)?.[1];
}

/** The value of `Content-Length`; `undefined` if absent, as with chunked bodies. */
export function declaredLength({ headers }: OssRequest): number | undefined {
  const value = headers.get('content-length');
  return value === undefined ? undefined : Number(value);
}
