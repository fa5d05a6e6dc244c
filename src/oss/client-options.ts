import type { Dispatcher } from 'undici';
import { longestTimer } from '../assertions.js';
import { type Proxies, resolveProxies } from './connections/proxies.js';
import type {
  Credentials,
  CredentialsProvider,
  CredentialsSource,
} from './credentials/credentials.js';
import { credentialsSource } from './credentials/credentials-source.js';
import {
  type Addressing,
  assertBucketName,
  type BucketLocation,
  locateBucket,
} from './endpoint.js';
import { assertNoForeignCredentials } from './foreign-options.js';
import { normaliseRegion, regionOfEndpoint } from './region.js';
import { ServiceClock } from './signing/service-clock.js';

/** What an {@link OssClient} is made from. `undefined` means the default. */
export interface OssClientOptions {
  /** Bucket that every request goes to. */
  readonly bucket: string;

  /**
   * Region of the bucket, such as `cn-hangzhou`; signatures need it even where the endpoint is a
   * domain of your own. An `oss-` prefix is taken off.
   *
   * @default what a standard `endpoint` names, then the environment variable `OSS_REGION`
   * @see https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints
   */
  readonly region?: string | undefined;

  /**
   * Host to reach OSS at, with an optional port and an optional `http://` or `https://`; `https`
   * without one.
   *
   * @default the environment variable `OSS_ENDPOINT`, then the public endpoint of `region`
   */
  readonly endpoint?: string | undefined;

  /**
   * Whether to use the endpoint that is reached from inside Alibaba Cloud only, where traffic is
   * free. Not together with an endpoint.
   *
   * @default false
   */
  readonly internal?: boolean | undefined;

  /**
   * Where the bucket's name stands: `virtual` in the host, `path` in the path, `cname` nowhere, as
   * the endpoint is a domain bound to the bucket.
   *
   * @default 'path' for an IP address or `localhost`, otherwise 'virtual'
   */
  readonly addressing?: Addressing | undefined;

  /**
   * Access key, or a function that returns one. Names by which other SDKs take a key, such as
   * `accessKeyId` or `stsToken` beside this option, are refused.
   *
   * @default the environment variables `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and
   * `OSS_SESSION_TOKEN`, then `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and
   * `ALIBABA_CLOUD_SECURITY_TOKEN`, read for each request
   */
  readonly credentials?: Credentials | CredentialsProvider | undefined;

  /**
   * Dispatcher of undici 7 used for every request; lets tests and proxies in. It is not closed with the
   * client, and it must neither retry by itself nor make errors of answers. It gets a copy of each body,
   * which it may read after the request has ended, as undici does over HTTP/2.
   *
   * @default a pool of at most 100 connections, shared by all clients of one origin and `proxy`
   */
  readonly dispatcher?: Dispatcher | undefined;

  /**
   * Proxy that requests go through: the URL of one, `http://user:password@host:port` or with `https:`,
   * or `'environment'` for what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say when the client is made,
   * in lower or in upper case (the former counts), as undici's `EnvHttpProxyAgent` reads them: without
   * `HTTPS_PROXY`, `HTTP_PROXY` is for `https` endpoints too. Not together with `dispatcher`.
   *
   * Connections are shared, bounded and kept as without one. To an `https` endpoint they are tunnels
   * (CONNECT) that end at OSS, so the proxy sees no request; connecting may take three times as long:
   * ten seconds each for the proxy, for its answer and for TLS. A proxy that makes no tunnel has passed
   * nothing on, which is certain. To an `http` endpoint requests are sent to an `http` proxy whole, and
   * what that answers in its own name leaves open whether OSS has them, as with any gateway; once a
   * connection has failed there that had been used before, each request gets one of its own.
   *
   * @default none
   */
  readonly proxy?: string | undefined;

  /**
   * Milliseconds one request may take, from its start to the end of its answer, 1 to 2_147_483_647.
   * The time its body takes at 32 KiB/s (or at `trafficLimit`, if that is slower) is added; the time
   * that it waits until a connection is free does not count.
   *
   * @default 60_000 (1 minute)
   */
  readonly requestTimeout?: number | undefined;
}

/** The options with every default filled in. */
interface ResolvedClientOptions {
  readonly bucket: string;
  readonly region: string;
  readonly location: BucketLocation;
  readonly credentials: CredentialsSource;

  /** The one by which `credentials` tells when they end. */
  readonly clock: ServiceClock;
  readonly dispatcher: Dispatcher | undefined;
  readonly proxies: Proxies | undefined;
  readonly requestTimeout: number;
}

/**
 * Fills in defaults and the environment, and checks everything that ends up in a URL.
 *
 * @param act What the caller was asked to do, for messages.
 */
export function resolveClientOptions(
  act: string,
  options: OssClientOptions,
): ResolvedClientOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`Cannot ${act} as its options must be an object`);
  }
  assertNoForeignCredentials(act, options);
  const { bucket, internal = false, addressing, dispatcher, proxy } = options;
  const { requestTimeout = 60_000 } = options;
  assertString(act, 'bucket', bucket);
  assertBucketName(act, bucket);
  assertBoolean(act, 'internal', internal);
  assertAddressing(act, addressing);
  assertDispatcher(act, dispatcher);
  if (dispatcher !== undefined && proxy !== undefined) {
    throw new TypeError(
      `Cannot ${act} as 'proxy' must not be given together with 'dispatcher': the dispatcher connects by itself`,
    );
  }
  const proxies = resolveProxies(act, proxy);
  assertRequestTimeout(act, requestTimeout);
  const { region, endpoint } = resolveRegionAndEndpoint(act, options);
  if (internal && endpoint !== undefined) {
    throw new TypeError(
      `Cannot ${act} as 'internal' must not be given together with 'endpoint' or OSS_ENDPOINT: the endpoint says where to go`,
    );
  }
  const clock = new ServiceClock();
  return {
    bucket,
    region,
    location: locateBucket(act, { bucket, region, endpoint, internal, addressing }),
    credentials: credentialsSource(act, options.credentials, clock),
    clock,
    dispatcher,
    proxies,
    requestTimeout,
  };
}

function resolveRegionAndEndpoint(act: string, options: OssClientOptions) {
  if (options.region !== undefined) assertString(act, 'region', options.region);
  if (options.endpoint !== undefined) assertString(act, 'endpoint', options.endpoint);
  const endpoint = options.endpoint ?? (process.env.OSS_ENDPOINT || undefined);
  // A region that goes with an option comes before one that lies around in the environment.
  const region =
    options.region ??
    (options.endpoint === undefined ? undefined : regionOfEndpoint(act, options.endpoint)) ??
    (process.env.OSS_REGION || undefined) ??
    (endpoint === undefined ? undefined : regionOfEndpoint(act, endpoint));
  if (region === undefined) {
    throw new TypeError(
      `Cannot ${act} as 'region' must be given or OSS_REGION be set: the endpoint does not name one`,
    );
  }
  return { region: normaliseRegion(act, region), endpoint };
}

function assertString(act: string, name: string, value: unknown): void {
  if (typeof value === 'string') return;
  throw new TypeError(`Cannot ${act} as '${name}' must be a string: its type is ${typeof value}`);
}

function assertBoolean(act: string, name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new TypeError(`Cannot ${act} as '${name}' must be a boolean: its type is ${typeof value}`);
}

function assertAddressing(act: string, value: unknown): void {
  if (value === undefined || value === 'virtual' || value === 'path' || value === 'cname') return;
  throw new TypeError(
    `Cannot ${act} as 'addressing' must be virtual, path or cname: current value is ${String(value)}`,
  );
}

function assertDispatcher(act: string, value: Dispatcher | undefined): void {
  if (value === undefined || typeof value?.dispatch === 'function') return;
  throw new TypeError(`Cannot ${act} as 'dispatcher' must be an undici Dispatcher`);
}

function assertRequestTimeout(act: string, value: number): void {
  if (typeof value !== 'number') {
    throw new TypeError(
      `Cannot ${act} as 'requestTimeout' must be a number: its type is ${typeof value}`,
    );
  }
  if (!(value >= 1 && value <= longestTimer)) {
    throw new RangeError(
      `Cannot ${act} as 'requestTimeout' must be between 1 and 2147483647: current value is ${value}`,
    );
  }
}
