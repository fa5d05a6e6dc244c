import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../src/emulator/index.js';
import { signedBy } from '../signature-kinds.js';
import { exchange, type WireAnswer } from './raw-exchange.js';
import type { Signer, UnsignedRequest } from './sdk-signers.js';

/** The object of the tests: its key has characters that SDKs escape differently. */
export const key = 'logs/a b+é~';

/** The MD5 of an empty body, which some SDKs send with requests without a body. */
export const md5OfNothing = '1B2M2Y8AsgTpgAmY7PhCfg==';

/** How an SDK writes its requests. */
export interface SdkForms {
  readonly sign: Signer;

  /** {@link key} as in the path. */
  readonly escapedKey: string;

  /** Headers of every request. */
  readonly headers: (request: SdkRequest) => Readonly<Record<string, string>>;

  /** Framing of bodies. Default: a length. */
  readonly framing?: 'chunks' | 'chunks and length';

  readonly append: (position: number) => SdkRequest;
  readonly meta: SdkRequest;

  /** Reads the second and the third byte. */
  readonly range: SdkRequest;

  /** Lists keys that begin with `logs/`. */
  readonly list: SdkRequest;

  /** Deletes {@link key}. */
  readonly deletion: SdkRequest;
}

/** The parts specific to one request. */
export interface SdkRequest {
  readonly method: string;

  /** Includes the question mark. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;

  /** Empty if the SDK announces a body but sends none. */
  readonly body?: string;
}

/** Sends a request for {@link key}, or for the bucket, as the SDK writes it. */
export function sendAs(
  sdk: SdkForms,
  emulator: Emulator,
  request: SdkRequest,
  of: 'object' | 'bucket' = 'object',
): Promise<WireAnswer> {
  const { method, query = '', body } = request;
  const isObject = of === 'object';
  const framing = body === undefined ? {} : framingHeaders(sdk, body);
  return exchangeSigned(emulator, sdk.sign, {
    method,
    target: `/examplebucket/${isObject ? sdk.escapedKey : ''}${query}`,
    key: isObject ? key : undefined,
    headers: { ...sdk.headers(request), ...framing, ...request.headers },
    body: sdk.framing === undefined || body === undefined ? body : inChunks(body),
  });
}

/** Signs a request and sends it to the emulator. */
export function exchangeSigned(
  emulator: Emulator,
  sign: Signer,
  request: UnsignedRequest,
): Promise<WireAnswer> {
  const headers = { Host: new URL(emulator.endpoint).host, ...request.headers };
  return exchange(emulator, { ...request, headers: sign(emulator, { ...request, headers }) });
}

/** Appends six bytes to {@link key} with a signed URL. */
export function appendAtUrl(
  sdk: SdkForms,
  emulator: Emulator,
  parameters: readonly string[],
): Promise<WireAnswer> {
  const unsigned: SdkForms = { ...sdk, sign: (_, { headers }) => ({ ...headers }) };
  const query = `?${parameters.join('&')}`;
  return sendAs(unsigned, emulator, { method: 'POST', query, body: 'first ' });
}

/** The parameters of such a URL, including the signature. */
export function signUrl(
  emulator: Emulator,
  kind: 'version 1 in the query' | 'version 4 in the query',
  extras: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const query = { append: '', position: '0', ...extras };
  return signedBy(kind, emulator, { method: 'POST', key, query }).query ?? {};
}

function framingHeaders({ framing }: SdkForms, body: string): Record<string, string> {
  const length = { 'Content-Length': String(Buffer.byteLength(body)) };
  if (framing === undefined) return length;
  const chunks = { 'Transfer-Encoding': 'chunked' };
  return framing === 'chunks' ? chunks : { ...chunks, ...length };
}

/** A body as one chunk and the last chunk. */
export function inChunks(body: string): string {
  const first = body === '' ? '' : `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
  return `${first}0\r\n\r\n`;
}

/** The value of `Content-MD5`. */
export function md5Of(body: string): string {
  return createHash('md5').update(body).digest('base64');
}

/** Declares the tests common to all SDKs, inside the `describe` of one SDK. */
export function testCommonRequests(sdk: SdkForms): void {
  test('appends at the end of an object, and again at the next position in the answer', async () => {
    await using emulator = await startEmulator();

    const first = await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });
    const next = Number(first.header('x-oss-next-append-position'));
    const second = await sendAs(sdk, emulator, { ...sdk.append(next), body: 'second' });

    expect([first.status, next, second.status]).toEqual([200, 6, 200]);
    expect(second.header('x-oss-next-append-position')).toBe('12');
    expect(second.header('x-oss-hash-crc64ecma')).toMatch(/^\d+$/);
    expect(second.header('ETag')).toMatch(/^"[0-9A-F]+"$/);
    expect(String(await emulator.read('examplebucket', key))).toBe('first second');
  });

  test('gets the end of the object if it appends at another position', async () => {
    await using emulator = await startEmulator();
    await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    const answer = await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    expect(answer.status).toBe(409);
    expect(answer.header('x-oss-next-append-position')).toBe('6');
    expect(answer.element('Code')).toBe('PositionNotEqualToLength');
    expect(answer.element('RequestId')).toBe(answer.header('x-oss-request-id'));
    expect(answer.element('EC')).toBe(answer.header('x-oss-ec'));
    expect(answer.element('HostId')).toBe(new URL(emulator.endpoint).host);
  });

  test('reads the length of an object, and whether it exists', async () => {
    await using emulator = await startEmulator();

    const missing = await sendAs(sdk, emulator, sdk.meta);
    await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });
    const found = await sendAs(sdk, emulator, sdk.meta);

    expect([missing.status, found.status]).toEqual([404, 200]);
    expect(found.header('Content-Length')).toBe('6');
    expect(found.header('ETag')).toMatch(/^"[0-9A-F]+"$/);
    expect(found.header('Last-Modified')).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(found.body).toBe('');
  });

  test('reads a range', async () => {
    await using emulator = await startEmulator();
    await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    const answer = await sendAs(sdk, emulator, sdk.range);

    expect([answer.status, answer.body]).toEqual([206, 'ir']);
    expect(answer.header('Content-Range')).toBe('bytes 1-2/6');
  });

  test('lists objects', async () => {
    await using emulator = await startEmulator();
    await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    const answer = await sendAs(sdk, emulator, sdk.list, 'bucket');

    expect(answer.status).toBe(200);
    expectKey(answer, sdk.list);
    expect(answer.element('Type')).toBe('Appendable');
    expect(answer.element('Size')).toBe('6');
    expect(answer.element('IsTruncated')).toBe('false');
    expect(answer.element('LastModified')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  });

  test('deletes objects', async () => {
    await using emulator = await startEmulator();
    await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    const answer = await sendAs(sdk, emulator, sdk.deletion, 'bucket');

    expect(answer.status).toBe(200);
    expectKey(answer, sdk.deletion);
    expect((await sendAs(sdk, emulator, sdk.meta)).status).toBe(404);
  });

  test('is refused if another key was signed', async () => {
    await using emulator = await startEmulator();
    const sign: Signer = (to, request) => sdk.sign(to, { ...request, key: 'logs/other' });

    const answer = await sendAs({ ...sdk, sign }, emulator, { ...sdk.append(0), body: 'first ' });

    expect([answer.status, answer.element('Code')]).toEqual([403, 'SignatureDoesNotMatch']);
    expect(emulator.requests.map(({ status }) => status)).toEqual([403]);
  });
}

/** Some SDKs form-decode keys, so that a plus sign would become a space. */
function expectKey(answer: WireAnswer, { query = '' }: SdkRequest): void {
  const isEncoded = query.includes('encoding-type=url');
  const written = answer.element('Key') ?? '';
  expect(answer.element('EncodingType')).toBe(isEncoded ? 'url' : undefined);
  expect(/[ +é]/.test(written)).toBe(!isEncoded);
  expect(isEncoded ? decodeURIComponent(written) : written).toBe(key);
}
