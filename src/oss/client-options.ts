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

/** Options of an {@link OssClient}. `undefined` means the default. */
export interface OssClientOptions {
  /** Bucket that every request is sent to. */
  readonly bucket: string;

  /**
   * Region of the bucket, such as `cn-hangzhou`; signatures need it even if the endpoint is your
   * own domain. An `oss-` prefix is removed.
   *
   * @default the region in a standard `endpoint`, then the environment variable `OSS_REGION`
   * @see https://help.aliyun.com/zh/oss/user-guide/regions-and-endpoints
   */
  readonly region?: string | undefined;

  /**
   * Host of OSS, with an optional port and an optional `http://` or `https://` (the default).
   *
   * @default the environment variable `OSS_ENDPOINT`, then the public endpoint of `region`
   */
  readonly endpoint?: string | undefined;

  /**
   * Whether to use the internal endpoint, which is reachable only from inside Alibaba Cloud, and
   * whose traffic is free. Cannot be combined with an endpoint.
   *
   * @default false
   */
  readonly internal?: boolean | undefined;

  /**
   * Where the URL has the bucket's name: `virtual` in the host, `path` in the path, `cname`
   * nowhere, because the endpoint is a domain bound to the bucket.
   *
   * @default 'path' for an IP address or `localhost`, otherwise 'virtual'
   */
  readonly addressing?: Addressing | undefined;

  /**
   * Access key, or a function that returns one. Options by which other SDKs take a key, such as
   * `accessKeyId` or `stsToken`, are refused.
   *
   * @default the environment variables `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and
   * `OSS_SESSION_TOKEN`, then `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and
   * `ALIBABA_CLOUD_SECURITY_TOKEN`, read for each request
   */
  readonly credentials?: Credentials | CredentialsProvider | undefined;

  /**
   * Dispatcher of undici 7 used for every request, for example for tests or proxies. The client
   * does not close it. It must neither retry by itself nor turn responses into errors. It gets a
   * copy of each body, because it may read it after the request has ended, as undici over HTTP/2.
   *
   * @default a pool of at most 100 connections, shared by all clients of one origin and `proxy`
   */
  readonly dispatcher?: Dispatcher | undefined;

  /**
   * Proxy for all requests: a URL such as `http://user:password@host:port` (or `https:`), or
   * `'environment'` for the values of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` when the client is
   * created, in lower case (preferred) or upper case, as undici's `EnvHttpProxyAgent` reads them:
   * without `HTTPS_PROXY`, `HTTP_PROXY` is used for `https` endpoints too. Cannot be combined with
   * `dispatcher`.
   *
   * Connections are shared, limited and kept as without a proxy. To an `https` endpoint they are
   * tunnels (CONNECT) that end at OSS, so the proxy sees no request; connecting may take three
   * times as long: ten seconds each for the proxy, for its answer to CONNECT and for TLS. If the
   * proxy refuses the tunnel, nothing has been sent to OSS. To an `http` endpoint whole requests
   * are sent to an `http` proxy. If that proxy answers with its own error, OSS may or may not have
   * the request, as with any gateway; and once a reused connection to it has failed, each request
   * gets a new connection.
   *
   * @default none
   */
  readonly proxy?: string | undefined;

  /**
   * Milliseconds one request may take, from its start to the end of its answer, 1 to 2_147_483_647.
   * The time to send its body at 32 KiB/s (or at `trafficLimit`, if that is slower) is added; the
   * time spent waiting for a free connection does not count.
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

  /** Shared with `credentials`, which uses it to decide when they expire. */
  readonly clock: ServiceClock;
  readonly dispatcher: Dispatcher | undefined;
  readonly proxies: Proxies | undefined;
  readonly requestTimeout: number;
}

/**
 * Fills in defaults and environment variables, and checks the options.
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
      `Cannot ${act} as 'internal' must not be given together with 'endpoint' or OSS_ENDPOINT: the endpoint already determines the host`,
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
  // A region found in an option takes precedence over one from the environment.
  const region =
    options.region ??
    (options.endpoint === undefined ? undefined : regionOfEndpoint(act, options.endpoint)) ??
    (process.env.OSS_REGION || undefined) ??
    (endpoint === undefined ? undefined : regionOfEndpoint(act, endpoint));
  if (region === undefined) {
    throw new TypeError(
      `Cannot ${act} as 'region' must be given or OSS_REGION must be set: the endpoint does not contain a region`,
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
