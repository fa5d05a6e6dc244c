import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import {
  appendAtUrl,
  key,
  md5Of,
  md5OfNothing,
  type SdkForms,
  type SdkRequest,
  sendAs,
  signUrl,
  testCommonRequests,
} from './sdk-forms.js';
import { signerV1, signerV4 } from './sdk-signers.js';

const document = `<Delete><Quiet>false</Quiet><Object><Key>${key}</Key></Object></Delete>`;
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * Go's `net/http` writes all names like `Content-Md5`, and accepts gzip except for HEAD and
 * `Range`.
 *
 * @see https://github.com/golang/go/blob/master/src/net/http/transport.go, `roundTrip()`
 */
function withGzip({ method, headers }: SdkRequest): Record<string, string> {
  const isPart = headers?.Range !== undefined;
  return method === 'HEAD' || isPart ? {} : { 'Accept-Encoding': 'gzip' };
}

/**
 * https://github.com/aliyun/aliyun-oss-go-sdk: `getURLParams()` and `buildURL()` of oss/conn.go
 * sort the query, omit the equals sign of empty parameters and escape the slashes of a key;
 * `doRequest()` sends the time only in `Date`, even with version 4. Version 1 is the default
 * (oss/conf.go). Bodies and queries: `DoAppendObject()`, `GetObjectMeta()`, `ListObjects()` and
 * `DeleteMultipleObjectsXml()` of oss/bucket.go, `marshalDeleteObjectToXml()` of oss/type.go.
 */
const go1: SdkForms = {
  sign: signerV1(),
  escapedKey: 'logs%2Fa%20b%2B%C3%A9~',
  headers: (request) => ({
    'User-Agent': 'aliyun-sdk-go/v3.0.2 (linux/-/amd64;go1.22.0)',
    ...withGzip(request),
  }),
  append: (position) => ({
    method: 'POST',
    query: `?append&position=${position}`,
    headers: { 'Content-Type': 'application/octet-stream' },
  }),
  meta: { method: 'HEAD', query: '?objectMeta' },
  range: { method: 'GET', headers: { Range: 'bytes=1-2' } },
  list: { method: 'GET', query: '?encoding-type=url&prefix=logs%2F' },
  deletion: {
    method: 'POST',
    query: '?delete&encoding-type=url',
    body: `${declaration}${document}`,
    headers: {
      'Content-Md5': md5Of(`${declaration}${document}`),
      'Content-Type': 'application/xml',
    },
  },
};

const go1WithV4: SdkForms = {
  ...go1,
  sign: signerV4({ date: 'Date', contentSha256: 'X-Oss-Content-Sha256' }),
};

describe('Go 1 with version 4', () => testCommonRequests(go1WithV4));

describe('Go 1', () => {
  testCommonRequests(go1);

  test('signs additional headers with version 4', async () => {
    await using emulator = await startEmulator();
    await sendAs(go1, emulator, { ...go1.append(0), body: 'first ' });
    const additionalHeaders = ['host', 'range', 'user-agent'];
    const names = { date: 'Date', contentSha256: 'X-Oss-Content-Sha256' };
    const sdk = { ...go1, sign: signerV4({ ...names, additionalHeaders }) };

    const answer = await sendAs(sdk, emulator, sdk.range);

    expect([answer.status, answer.body]).toEqual([206, 'ir']);
  });

  // `handleBody()` of oss/conn.go sets no length for a reader of unknown length: net/http sends
  // chunks.
  test('appends a stream of unknown length in chunks', async () => {
    await using emulator = await startEmulator();
    const sdk: SdkForms = { ...go1, framing: 'chunks' };

    const answer = await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    expect(answer.header('x-oss-next-append-position')).toBe('6');
    expect(String(await emulator.read('examplebucket', key))).toBe('first ');
  });

  // `signURL()` of oss/conn.go sorts all parameters, including those of the signature.
  test.each(['version 1 in the query', 'version 4 in the query'] as const)(
    'appends to a URL signed with %s',
    async (kind) => {
      await using emulator = await startEmulator();
      const parameters = Object.entries(signUrl(emulator, kind))
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, value]) => (value === '' ? name : `${name}=${encodeURIComponent(value)}`));

      const answer = await appendAtUrl(go1, emulator, parameters);

      expect(answer.header('x-oss-next-append-position')).toBe('6');
    },
  );
});

/**
 * https://github.com/aliyun/ossutil, version 1, which uses Go 1: `RunCommand()` of
 * lib/append_file.go requests the object's meta twice before it appends at its length, and
 * lib/util.go adds the program to the user agent.
 */
describe('ossutil 1', () => {
  const userAgent = 'aliyun-sdk-go/v3.0.2 (Linux/6.1.0/x86_64;go1.20)/ossutil-v1.7.19';
  const ossutil: SdkForms = {
    ...go1,
    headers: (request) => ({ ...go1.headers(request), 'User-Agent': userAgent }),
  };

  test('appends a file at the length of the object', async () => {
    await using emulator = await startEmulator();
    const appendFile = async (content: string) => {
      const { status } = await sendAs(ossutil, emulator, ossutil.meta);
      const meta = status === 404 ? undefined : await sendAs(ossutil, emulator, ossutil.meta);
      const position = Number(meta?.header('Content-Length') ?? 0);
      return sendAs(ossutil, emulator, { ...ossutil.append(position), body: content });
    };

    await appendFile('first ');
    const { status } = await appendFile('second');

    expect(status).toBe(200);
    expect(String(await emulator.read('examplebucket', key))).toBe('first second');
    expect(emulator.requests.map(({ operation }) => operation)).toEqual([
      'object-meta',
      'append',
      'object-meta',
      'object-meta',
      'append',
    ]);
  });
});

/**
 * https://github.com/aliyun/alibabacloud-oss-go-sdk-v2, which ossutil 2 uses: `sendRequest()` and
 * `buildURL()` of oss/client.go write the query in the random order of a map, and keep the slashes
 * of a key; `authHeader()` of oss/signer/v4.go sends the time in both headers. Version 4 is the
 * default. Bodies and queries: oss/api_op_object.go and oss/api_op_bucket.go; `updateContentMd5()`
 * of oss/client.go sends the MD5 of an empty body with requests without one.
 */
const go2: SdkForms = {
  sign: signerV4({ ossDate: 'X-Oss-Date', date: 'Date', contentSha256: 'X-Oss-Content-Sha256' }),
  escapedKey: 'logs/a%20b%2B%C3%A9~',
  headers: (request) => ({
    'User-Agent': 'alibabacloud-go-sdk-v2/v1.2.3 (linux/-/amd64;go1.22.0)',
    ...withGzip(request),
  }),
  append: (position) => ({
    method: 'POST',
    query: `?position=${position}&append`,
    headers: { 'Content-Type': 'application/octet-stream' },
  }),
  meta: { method: 'HEAD', query: '?objectMeta', headers: { 'Content-Md5': md5OfNothing } },
  range: { method: 'GET', headers: { Range: 'bytes=1-2' } },
  list: {
    method: 'GET',
    query: '?prefix=logs%2F&list-type=2&encoding-type=url',
    headers: { 'Content-Md5': md5OfNothing, 'Content-Type': 'application/octet-stream' },
  },
  deletion: {
    method: 'POST',
    query: '?encoding-type=url&delete',
    body: document,
    headers: { 'Content-Md5': md5Of(document), 'Content-Type': 'application/xml' },
  },
};

describe('Go 2 with version 1', () => testCommonRequests({ ...go2, sign: signerV1() }));

describe('Go 2', () => {
  testCommonRequests(go2);

  // `sendRequest()` always passes a reader, so that net/http cannot know that the body is empty.
  test.each([
    { operation: 'an ACL', method: 'PUT', query: '?acl', acl: 'public-read' },
    { operation: 'a seal', method: 'POST', query: '?position=6&seal' },
  ])('sends $operation with an empty chunked body', async ({ method, query, acl }) => {
    await using emulator = await startEmulator();
    await sendAs(go2, emulator, { ...go2.append(0), body: 'first ' });
    const headers = acl === undefined ? {} : { 'X-Oss-Object-Acl': acl };
    const sdk: SdkForms = { ...go2, framing: 'chunks' };

    const request = { method, query, headers: { 'Content-Md5': md5OfNothing, ...headers } };
    const answer = await sendAs(sdk, emulator, { ...request, body: '' });

    expect([answer.status, answer.body]).toEqual([200, '']);
  });

  test('signs additional headers', async () => {
    await using emulator = await startEmulator();
    await sendAs(go2, emulator, { ...go2.append(0), body: 'first ' });
    const names = { ossDate: 'X-Oss-Date', date: 'Date', contentSha256: 'X-Oss-Content-Sha256' };
    const sdk = { ...go2, sign: signerV4({ ...names, additionalHeaders: ['range'] }) };

    const answer = await sendAs(sdk, emulator, sdk.range);

    expect([answer.status, answer.body]).toEqual([206, 'ir']);
  });

  // `authQuery()` of oss/signer/v4.go: url.Values sorts, and writes an equals sign after every
  // name.
  test('appends to a signed URL whose empty parameters have an equals sign', async () => {
    await using emulator = await startEmulator();
    const parameters = new URLSearchParams(signUrl(emulator, 'version 4 in the query'));
    parameters.sort();

    const answer = await appendAtUrl(go2, emulator, [String(parameters)]);

    expect(String(parameters)).toMatch(/^append=&position=0&x-oss-credential=.*%2F/);
    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });
});
