import type { IncomingMessage } from 'node:http';
import { locateTarget, type QueryParameter } from './request-target.js';

/** A request as OSS understands it: what is asked, of which bucket and key, under which headers. */
export interface OssRequest {
  readonly method: string;

  /** Absent where the request is about the whole service. */
  readonly bucket: string | undefined;

  /** Decoded; absent where the request is about the bucket. */
  readonly key: string | undefined;

  /** The path is that of a bucket, without the slash that belongs behind it. */
  readonly isBare?: boolean;

  /** Decoded names and values in the order they came; a name without a value has `''`. */
  readonly query: readonly QueryParameter[];

  /** Lower-case names; repeated headers joined with a comma, as signatures want them. */
  readonly headers: ReadonlyMap<string, string>;

  /** The `Host` header, or `''`. */
  readonly hostId: string;

  /** The client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

export interface ParseOptions {
  /** The name this server listens on: a `Host` equal to it names no bucket. */
  readonly host: string;
  readonly expectsContinue: boolean;
}

/**
 * Reads the head of a request. Looks at the raw request target, because a URL parser would
 * collapse the dots and slashes that are part of a key.
 *
 * @throws {OssError} If the target is not a well-formed address of an object.
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

/** The value of a query parameter, `''` where it has none, `undefined` where it is not there. */
export function queryValue({ query }: OssRequest, name: string): string | undefined {
  return query.find(([other]) => other === name)?.[1];
}

/** Bytes the client says the body has; `undefined` for a chunked body and for none at all. */
export function declaredLength({ headers }: OssRequest): number | undefined {
  const value = headers.get('content-length');
  return value === undefined ? undefined : Number(value);
}
