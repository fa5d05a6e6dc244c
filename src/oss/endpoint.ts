import { isIPv4, isIPv6 } from 'node:net';

/** How a URL names the bucket: in the host, in the path, or by a domain bound to it. */
export type Addressing = 'virtual' | 'path' | 'cname';

/** Where the requests for a bucket are sent. */
export interface BucketLocation {
  /** Scheme, host and port. */
  readonly origin: string;

  /** Part of a request's path before the encoded key. */
  readonly pathPrefix: string;
}

/**
 * Resolves where requests for `bucket` are sent.
 *
 * Everything that becomes part of the host is checked first: otherwise a hostile string could send
 * signed requests to another host.
 *
 * @param region Region without the `oss-` prefix, already checked.
 * @see https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints
 */
export function locateBucket(
  act: string,
  options: {
    readonly bucket: string;
    readonly region: string;
    readonly endpoint: string | undefined;
    readonly internal: boolean;
    readonly addressing: Addressing | undefined;
  },
): BucketLocation {
  const { bucket, region, internal } = options;
  const { scheme, host, port, isAddress } =
    options.endpoint === undefined
      ? standardEndpoint(region, internal)
      : parseEndpoint(act, options.endpoint);
  const addressing = options.addressing ?? (isAddress || host === 'localhost' ? 'path' : 'virtual');

  if (addressing === 'virtual' && isAddress) {
    throw new TypeError(
      `Cannot ${act} as 'addressing' must not be virtual with an IP endpoint: current endpoint is "${host}"`,
    );
  }
  const rest = host.slice(bucket.length + 1);
  if (addressing === 'virtual' && host.startsWith(`${bucket}.`) && ossHost.test(rest)) {
    throw new TypeError(
      `Cannot ${act} as 'endpoint' must not begin with the bucket, which is prepended to it: pass "${rest}", current endpoint is "${host}"`,
    );
  }
  if (addressing === 'cname' && options.endpoint === undefined) {
    throw new TypeError(
      `Cannot ${act} as 'addressing' must not be cname without an endpoint: current endpoint is undefined`,
    );
  }

  // Normalised, because connections are shared by origin.
  const { origin } = new URL(
    `${scheme}://${addressing === 'virtual' ? `${bucket}.` : ''}${host}${port}`,
  );
  return { origin, pathPrefix: addressing === 'path' ? `/${bucket}/` : '/' };
}

/**
 * Checks a bucket name: 3-63 lower-case letters, digits and hyphens. Old buckets may have
 * underscores inside.
 *
 * @see https://help.aliyun.com/zh/oss/user-guide/bucket-naming-conventions
 */
export function assertBucketName(act: string, bucket: string): void {
  if (/^[a-z\d][a-z\d_-]{1,61}[a-z\d]$/.test(bucket)) return;
  throw new TypeError(
    `Cannot ${act} as 'bucket' must be 3 to 63 lower-case letters, digits and hyphens (in old buckets underscores too), with a letter or digit at both ends: current value is ${JSON.stringify(bucket)}`,
  );
}

/**
 * A host of OSS itself. The first label of another domain proves nothing: `oss.example.com` may
 * serve a bucket called `oss`.
 */
const ossHost = /^(?:oss-[a-z\d-]+\.|[a-z\d-]+\.oss\.aliyuncs\.com$)/;

interface ParsedEndpoint {
  readonly scheme: string;
  readonly host: string;
  /** With its colon, or empty. */
  readonly port: string;
  readonly isAddress: boolean;
}

function standardEndpoint(region: string, internal: boolean): ParsedEndpoint {
  const host = `oss-${region}${internal ? '-internal' : ''}.aliyuncs.com`;
  return { scheme: 'https', host, port: '', isAddress: false };
}

/** Scheme, host and port, without any other part of a URL. */
const endpointPattern = /^(?:(https?):\/\/)?(\[[\da-f:.]+\]|[\da-z.-]+)(?::(\d{1,5}))?\/?$/i;

/** Parses an endpoint such as `oss-cn-hangzhou.aliyuncs.com` or `http://127.0.0.1:9000`. */
export function parseEndpoint(act: string, endpoint: string): ParsedEndpoint {
  const [, scheme = 'https', name = '', port] = endpointPattern.exec(endpoint) ?? [];
  const host = name.toLowerCase();
  const isAddress = isIPv4(host) || isIPv6(host.replace(/^\[(.+)\]$/, '$1'));
  if (!isAddress && !isHostName(host)) {
    throw new TypeError(
      `Cannot ${act} as 'endpoint' must be a host with an optional http:// or https:// and port: current value is ${quoteEndpoint(endpoint)}`,
    );
  }
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
    throw new RangeError(
      `Cannot ${act} as the port of 'endpoint' must be between 1 and 65535: current value is ${port}`,
    );
  }
  return {
    scheme: scheme.toLowerCase(),
    host,
    port: port === undefined ? '' : `:${port}`,
    isAddress,
  };
}

function isHostName(host: string): boolean {
  const labels = host.split('.');
  return (
    host.length <= 253 &&
    labels.every((label) => /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/.test(label)) &&
    // A URL parser takes `127.1` and `0x7f000001` for IP addresses.
    !/^(?:\d+|0x[\da-f]*)$/.test(labels.at(-1) ?? '')
  );
}

/** Quotes an endpoint without user, password and query, which may be secret. */
function quoteEndpoint(endpoint: string): string {
  const [address = ''] = endpoint.replace(/^(.*?:\/\/)?.*@/s, '$1***@').split(/[?#]/);
  return JSON.stringify(address.slice(0, 200));
}
