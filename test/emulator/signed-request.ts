import { createHash, createHmac } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { Emulator } from '../../src/emulator/index.js';

export interface RequestOptions {
  readonly method?: string;
  /** `''` for a request to the service. */
  readonly bucket?: string;
  readonly key?: string;

  /** An empty value sends only the name. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;

  /** Replaces the path built from bucket, key and query; the signature stays. */
  readonly path?: string;

  /** Puts the bucket into the `Host` header instead of the path. */
  readonly host?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly accessKeySecret: string };
  readonly signedAt?: Date;
  readonly additionalHeaders?: readonly string[];
  readonly isSigned?: boolean;
}

export interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a signed request on a new connection and reads the answer. */
export async function send(emulator: Emulator, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', body, host } = options;
  const headers = { ...signedHeaders(emulator, options), ...(host === undefined ? {} : { host }) };
  const path = options.path ?? pathOf(options);
  return new Promise((resolve, reject) => {
    const outgoing = request(emulator.endpoint, { method, path, headers, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const { statusCode: status = 0, headers: answered } = incoming;
        resolve({ status, headers: answered, body: Buffer.concat(pieces) });
      });
    });
    // In bytes, since Node sends a text and the headers before it as one text in UTF-8.
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    // In `end()` Node decodes this header as UTF-8, and refuses the result.
    if ('content-disposition' in headers && bytes !== undefined)
      outgoing.write(bytes, () => outgoing.end());
    else outgoing.end(bytes);
  });
}

/** Appends `body` at `position`. */
export function append(
  emulator: Emulator,
  key: string,
  position: number | string,
  body: Uint8Array | string,
  options: RequestOptions = {},
): Promise<Response> {
  const query = { append: '', position: String(position), ...options.query };
  const headers = { 'content-length': String(Buffer.byteLength(body)), ...options.headers };
  return send(emulator, { method: 'POST', key, body, ...options, query, headers });
}

/**
 * Appends `body` to set up a test.
 *
 * @throws {Error} If the emulator refuses it.
 */
export async function appendAt(
  emulator: Emulator,
  key: string,
  position: number,
  body: Uint8Array | string,
): Promise<void> {
  const response = await append(emulator, key, position, body);
  if (response.status !== 200) throw new Error(`Cannot append to ${key}: ${response.body}`);
}

/**
 * Puts a Normal object to set up a test.
 *
 * @throws {Error} If the emulator refuses it.
 */
export async function putObject(
  emulator: Emulator,
  key: string,
  body: Uint8Array | string,
  { headers, ...options }: RequestOptions = {},
): Promise<void> {
  const all = { ...headers };
  all['content-length'] ??= String(Buffer.byteLength(body));
  const response = await send(emulator, { method: 'PUT', key, body, ...options, headers: all });
  if (response.status !== 200) throw new Error(`Cannot put ${key}: ${response.body}`);
}

/** The raw request target of a request in path style, or in virtual-host style with `host`. */
export function pathOf({ bucket = 'examplebucket', key = '', query = {}, host }: RequestOptions) {
  const parameters = Object.entries(query).map(([name, value]) =>
    value === '' ? encode(name) : `${encode(name)}=${encode(value)}`,
  );
  const start = host === undefined ? bucketPath(bucket) : '/';
  const search = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${start}${key.split('/').map(encode).join('/')}${search}`;
}

/** The headers of `options` with a version 4 signature. */
export function signedHeaders(emulator: Emulator, options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.isSigned === false) return headers;
  const timestamp = (options.signedAt ?? new Date()).toISOString().replace(/[-:]|\.\d+/g, '');
  headers['x-oss-date'] ??= timestamp;
  headers['x-oss-content-sha256'] ??= 'UNSIGNED-PAYLOAD';
  headers.authorization = authorizationV4(emulator, { ...options, headers }, timestamp);
  return headers;
}

/**
 * Computes the `Authorization` header of version 4 for a request with all other headers.
 *
 * @param timestamp The date as in the request.
 * @param day `YYYYMMDD`; by default the beginning of `timestamp`.
 */
export function authorizationV4(
  emulator: Emulator,
  options: RequestOptions,
  timestamp: string,
  day = timestamp.slice(0, 8),
): string {
  const { headers = {} } = options;
  const { accessKeyId, accessKeySecret } = options.credentials ?? emulator.credentials;
  const scope = [day, options.region ?? emulator.region, 'oss', 'aliyun_v4_request'];
  const additional = [...(options.additionalHeaders ?? [])].sort();
  const canonical = [
    options.method ?? 'GET',
    `${bucketPath(options.bucket)}${(options.key ?? '').split('/').map(encode).join('/')}`,
    Object.entries(options.query ?? {})
      .map(([name, value]) => [encode(name), encode(value)] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
      .join('&'),
    Object.keys(headers)
      .filter(
        (name) => /^(x-oss-|content-type$|content-md5$)/.test(name) || additional.includes(name),
      )
      .sort()
      .map((name) => `${name}:${headers[name]}\n`)
      .join(''),
    additional.join(';'),
    headers['x-oss-content-sha256'],
  ].join('\n');
  const digest = createHash('sha256').update(canonical, 'latin1').digest('hex');
  const text = ['OSS4-HMAC-SHA256', timestamp, scope.join('/'), digest].join('\n');
  const key = scope.reduce<string | Buffer>(
    (secret, step) => createHmac('sha256', secret).update(step).digest(),
    `aliyun_v4${accessKeySecret}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const named = additional.length === 0 ? '' : `,AdditionalHeaders=${additional.join(';')}`;
  return `OSS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}${named},Signature=${signature}`;
}

function bucketPath(bucket = 'examplebucket'): string {
  return bucket === '' ? '/' : `/${bucket}/`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The texts of all elements with one name, not decoded. */
export function elements({ body }: Response, name: string): string[] {
  const found = String(body).matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'));
  return [...found].map(([, text = '']) => text);
}

/** The text of an element of an error document. */
export function element(response: Response, name: string): string | undefined {
  const encoded = response.headers['x-oss-err'];
  const document =
    typeof encoded === 'string' ? String(Buffer.from(encoded, 'base64')) : String(response.body);
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(document)?.[1];
}
