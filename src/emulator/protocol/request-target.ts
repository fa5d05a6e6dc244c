import { isIP } from 'node:net';
import { isBucketName } from '../objects/bucket-name.js';
import { invalidArgument, OssError } from './oss-error.js';

export type QueryParameter = readonly [name: string, value: string];

/** Bucket, key and query, from the request target and the `Host` header. */
export interface TargetLocation {
  readonly bucket: string | undefined;
  readonly key: string | undefined;

  /** The path names a bucket without its trailing slash. */
  readonly isBare: boolean;
  readonly query: readonly QueryParameter[];
}

/** The hosts that distinguish path style from virtual-host style. */
export interface TargetHosts {
  readonly hostId: string;
  readonly ownHost: string;
}

/**
 * Parses bucket, key and query from a raw request target.
 *
 * @throws {OssError} If percent-encoding is malformed or a part is not UTF-8.
 */
export function locateTarget(target: string, { hostId, ownHost }: TargetHosts): TargetLocation {
  const { path, rawQuery } = splitTarget(target);
  const query = parseQuery(rawQuery);
  const bucket = bucketOfHost(hostId, ownHost);
  if (bucket !== undefined) {
    return { bucket, key: present(decodeForm(path.slice(1))), isBare: false, query };
  }
  return { ...splitPath(path), query };
}

/** Parses bucket and key from a path; the C SDK escapes the slash between them. */
function splitPath(path: string): Omit<TargetLocation, 'query'> {
  // The C# SDK lists buckets with `GET ///`: without a bucket it cannot mean a key.
  if (/^\/+$/.test(path)) return { bucket: undefined, key: undefined, isBare: false };
  const [, name = '', slash = '', rest = ''] = /^\/(.*?)(?:(\/|%2f)(.*))?$/is.exec(path) ?? [];
  const first = decodeForm(name);
  const key = present(decodeForm(rest));
  // An empty bucket name with a key must stay invalid instead of meaning the whole service.
  return {
    bucket: key === undefined ? present(first) : first,
    key,
    isBare: slash === '' && first !== '',
  };
}

function splitTarget(target: string): { path: string; rawQuery: string } {
  // Clients of a proxy send the origin too: `GET http://host/path`.
  const local = target.replace(/^https?:\/\/[^/?]*/i, '');
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  const rawQuery = mark === -1 ? '' : local.slice(mark + 1);
  if (path !== '' && !path.startsWith('/')) throw invalidUri();
  return { path: path === '' ? '/' : path, rawQuery };
}

/** Endpoints of OSS: regional, accelerated and dual-stack. */
const serviceHost = /^(oss-[a-z0-9-]+|[a-z]{2,3}-[a-z]+(-[a-z0-9]+)*\.oss)\.aliyuncs\.com$/;

/**
 * The bucket in the first label of a `Host`; `undefined` for a service endpoint of OSS, an IP
 * address and a name without a dot.
 */
function bucketOfHost(hostId: string, ownHost: string): string | undefined {
  const name = hostId.replace(/:\d*$/, '').toLowerCase();
  if (name === ownHost.toLowerCase() || isIP(name) !== 0 || name.startsWith('[')) return undefined;
  if (serviceHost.test(name)) return undefined;
  const dot = name.indexOf('.');
  if (dot === -1) return undefined;
  const first = name.slice(0, dot);
  return isBucketName(first) ? first : undefined;
}

function parseQuery(rawQuery: string): QueryParameter[] {
  const parameters = rawQuery.split('&').filter((parameter) => parameter !== '');
  return parameters.map((parameter) => {
    const equals = parameter.indexOf('=');
    const name = equals === -1 ? parameter : parameter.slice(0, equals);
    const value = equals === -1 ? '' : parameter.slice(equals + 1);
    return [decodeForm(name), decodeForm(value)];
  });
}

/**
 * Decodes `+` as a space, in the path too: version 1 of the Go SDK form-encodes keys, and OSS
 * accepts that.
 *
 * @see https://github.com/aliyun/aliyun-oss-go-sdk/blob/v1.4.0/oss/conn.go
 */
function decodeForm(raw: string): string {
  return decode(raw.replaceAll('+', ' '));
}

function decode(raw: string): string {
  // Node decodes bytes above 0x7f as Latin-1, but clients that do not escape them send UTF-8.
  const escaped = raw.replace(
    /[\u0080-\u00ff]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  try {
    return decodeURIComponent(escaped);
  } catch {
    if (/%(?![0-9a-f]{2})/i.test(escaped)) throw invalidUri();
    throw invalidArgument('The characters encoding must be utf-8.');
  }
}

function present(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function invalidUri(): OssError {
  return new OssError(400, 'InvalidURI', 'Could not parse the specified URI.');
}
