import { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import OSS from 'ali-oss';
import { Agent as FetchAgent, request } from 'undici';
import { onTestFinished } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';

/** Types of the official SDK: the published ones omit or misstate what is used here. */
export interface AliOss {
  append(key: string, content: unknown, options?: AliOssOptions): Promise<AppendResult>;
  put(key: string, content: unknown, options?: AliOssOptions): Promise<{ res: Answer }>;
  putStream(key: string, content: unknown, options?: AliOssOptions): Promise<{ res: Answer }>;
  get(key: string, to?: unknown, options?: AliOssOptions): Promise<GetResult>;
  getStream(
    key: string,
    options?: AliOssOptions,
  ): Promise<{ res: Answer; stream: NodeJS.ReadableStream }>;
  head(key: string, options?: AliOssOptions): Promise<HeadResult>;
  getObjectMeta(key: string): Promise<{ status: number; res: Answer }>;
  getACL(key: string): Promise<{ acl: string; res: Answer }>;
  putACL(key: string, acl: string): Promise<{ res: Answer }>;
  getObjectTagging(key: string): Promise<{ tag: Record<string, string> }>;
  delete(key: string): Promise<{ res: Answer }>;
  deleteMulti(
    keys: readonly string[],
    options?: { quiet?: boolean },
  ): Promise<{ deleted: { Key: string }[]; res: Answer }>;
  list(query: Query, options?: AliOssOptions): Promise<ListResult & { nextMarker: string | null }>;
  listV2(
    query: Query,
    options?: AliOssOptions,
  ): Promise<ListResult & { nextContinuationToken: string | null; keyCount: number }>;
  listBuckets(query?: Query): Promise<{ buckets: BucketEntry[] | null; owner: { id: string } }>;
  putBucket(name: string, options?: object): Promise<{ bucket: string | null; res: Answer }>;
  deleteBucket(name: string): Promise<{ res: Answer }>;
  getBucketInfo(name: string): Promise<{ bucket: Record<string, unknown> }>;
  getBucketLocation(name: string): Promise<{ location: unknown }>;
  useBucket(name: string): void;
  signatureUrl(key: string, options?: object, isStrict?: boolean): string;
  asyncSignatureUrl(key: string, options?: object, isStrict?: boolean): Promise<string>;
  signatureUrlV4(
    method: string,
    expires: number,
    request: { headers?: Record<string, string>; queries?: Query } | undefined,
    key: string,
    additionalHeaders?: readonly string[],
  ): Promise<string>;
}

type Query = Readonly<Record<string, string | number | boolean | null>>;

export interface AliOssOptions {
  readonly position?: string | number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly meta?: Readonly<Record<string, string | number>>;
  readonly mime?: string;
  readonly contentLength?: number;

  /** Additional headers to sign (version 4). */
  readonly additionalHeaders?: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface AppendResult {
  readonly name: string;
  readonly nextAppendPosition: string;
  readonly res: Answer;
}

interface GetResult {
  readonly content: Buffer;
  readonly res: Answer;
}

interface HeadResult {
  readonly status: number;
  readonly meta: Record<string, string> | null;
  readonly res: Answer;
}

interface ListResult {
  readonly objects: readonly {
    readonly name: string;
    readonly type: string;
    readonly size: number;
    readonly etag: string;
    readonly storageClass: string;
    readonly lastModified: string;
    readonly owner: { readonly id: string; readonly displayName: string } | null;
  }[];
  readonly prefixes: readonly string[] | null;
  readonly isTruncated: boolean;
}

interface BucketEntry {
  readonly name: string;
  readonly region: string;
}

/** Creates a client of the SDK; `options` are those of the SDK. */
export function createAliOss(options: object): AliOss {
  return new OSS(options as OSS.Options) as unknown as AliOss;
}

/** A version of the signature and a style of addressing the bucket. */
export interface Way {
  readonly name: string;
  readonly isV4: boolean;
  readonly style: 'path' | 'virtual-host' | 'address';
}

/** With an IP address as endpoint, the SDK connects to it but sends the bucket's `Host` at OSS. */
export const ways: readonly Way[] = (['path', 'virtual-host', 'address'] as const).flatMap(
  (style) => [
    { name: `version 4, ${style} style`, isV4: true, style },
    { name: `version 1, ${style} style`, isV4: false, style },
  ],
);

/** The ways with a host name as endpoint. */
export const waysByName = ways.filter(({ style }) => style !== 'address');

/** Creates a client that connects to `emulator` in one of the ways until the test ends. */
export function connect(emulator: Emulator, way: Way, options: object = {}): AliOss {
  const { accessKeyId, accessKeySecret } = emulator.credentials;
  const agent = new Agent({ keepAlive: true, lookup: lookUpLoopback });
  onTestFinished(() => agent.destroy());
  return createAliOss({
    accessKeyId,
    accessKeySecret,
    agent,
    bucket: 'examplebucket',
    region: `oss-${emulator.region}`,
    authorizationV4: way.isV4,
    endpoint: endpointFor(emulator, way),
    sldEnable: way.style === 'path',
    ...options,
  });
}

function endpointFor({ endpoint }: Emulator, { style }: Way): string {
  if (style === 'address') return endpoint;
  const name = style === 'path' ? 'localhost' : 'oss-cn-hangzhou.aliyuncs.com';
  return `http://${name}:${new URL(endpoint).port}`;
}

/** Temporary credentials whose token has characters that must be escaped in URLs. */
export const temporary = {
  accessKeyId: 'STS.a',
  accessKeySecret: 'b',
  securityToken: 'to/k+n==',
};

/** Options of the SDK for a token. Without an interval, it warns that it cannot renew the token. */
export function withToken(stsToken = temporary.securityToken): object {
  return { stsToken, refreshSTSTokenInterval: 60_000 };
}

interface FetchOptions {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'HEAD' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request to a signed URL; every host resolves to this machine. */
export async function fetchUrl(url: string, options: FetchOptions = {}) {
  const dispatcher = new FetchAgent({ connect: { lookup: lookUpLoopback } });
  onTestFinished(() => dispatcher.destroy());
  const { statusCode, headers, body } = await request(url, { dispatcher, ...options });
  return { status: statusCode, headers, text: await body.text() };
}

/** Resolves every host to this machine, so that OSS's host names lead to the emulator. */
const lookUpLoopback: LookupFunction = (_host, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};
