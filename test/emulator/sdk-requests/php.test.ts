import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { exchange } from './raw-exchange.js';
import {
  appendAtUrl,
  inChunks,
  key,
  md5Of,
  md5OfNothing,
  type SdkForms,
  sendAs,
  signUrl,
  testCommonRequests,
} from './sdk-forms.js';
import { signerV1, signerV4 } from './sdk-signers.js';

const document = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<Delete>\n',
  `<Object>\n<Key>${key}</Key>\n</Object>\n</Delete>`,
].join('');

/**
 * https://github.com/yangzong18/alibabacloud-oss-php-sdk-v2: `buildUri()` and
 * `buildRequestContext()` of src/ClientImpl.php write an equals sign after every parameter and keep
 * the slashes of a key; `authHeader()` of src/Signer/SignerV4.php sends the time in both headers.
 * Version 4 is the default. Bodies and queries: src/Transform/ObjectBasic.php and
 * src/Transform/BucketBasic.php; `addContentMd5()` of src/Transform/Functions.php sends the MD5 of
 * an empty body with requests without one. Guzzle adds no `Accept`.
 */
const php: SdkForms = {
  sign: signerV4({ ossDate: 'x-oss-date', date: 'Date' }),
  escapedKey: 'logs/a%20b%2B%C3%A9~',
  headers: () => ({ 'User-Agent': 'alibabacloud-php-sdk-v2/0.4.0 (Linux/6.1.0/x86_64;8.2.7)' }),
  append: (position) => ({
    method: 'POST',
    query: `?append=&position=${position}`,
    headers: { 'Content-Type': 'application/octet-stream' },
  }),
  meta: { method: 'HEAD', query: '?objectMeta=' },
  range: { method: 'GET', headers: { Range: 'bytes=1-2' } },
  list: {
    method: 'GET',
    query: '?encoding-type=url&list-type=2&prefix=logs%2F',
    headers: { 'Content-Type': 'application/octet-stream', 'Content-MD5': md5OfNothing },
  },
  deletion: {
    method: 'POST',
    query: '?delete=&encoding-type=url',
    body: document,
    headers: { 'Content-Type': 'application/xml', 'Content-MD5': md5Of(document) },
  },
};

describe('PHP 2 with version 1', () => testCommonRequests({ ...php, sign: signerV1() }));

describe('PHP 2', () => {
  testCommonRequests(php);

  // `PrepareBodyMiddleware` of Guzzle sends Expect with a body of unknown length or of a megabyte.
  // It runs after the signer, so that the SDK signs a request without these headers.
  test('waits for 100 Continue before it sends a body of unknown length in chunks', async () => {
    await using emulator = await startEmulator();
    const request = php.append(0);
    const { method, query, headers } = request;
    const target = `/examplebucket/${php.escapedKey}${query}`;
    const host = { Host: new URL(emulator.endpoint).host };
    const all = { ...host, ...php.headers(request), ...headers };
    const signed = php.sign(emulator, { method, target, key, headers: all });

    const answer = await exchange(emulator, {
      method,
      target,
      headers: { ...signed, 'Transfer-Encoding': 'chunked', Expect: '100-Continue' },
      body: inChunks('first '),
    });

    expect(answer.header('x-oss-next-append-position')).toBe('6');
    expect(String(await emulator.read('examplebucket', key))).toBe('first ');
  });

  test('signs additional headers', async () => {
    await using emulator = await startEmulator();
    await sendAs(php, emulator, { ...php.append(0), body: 'first ' });
    const additionalHeaders = ['host', 'range', 'user-agent'];
    const sign = signerV4({ ossDate: 'x-oss-date', date: 'Date', additionalHeaders });

    const answer = await sendAs({ ...php, sign }, emulator, php.range);

    expect([answer.status, answer.body]).toEqual([206, 'ir']);
  });

  // `authQuery()` of src/Signer/SignerV4.php: `ksort()`, and an equals sign after every name.
  test('appends to a signed URL', async () => {
    await using emulator = await startEmulator();
    const parameters = Object.entries(signUrl(emulator, 'version 4 in the query'))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);

    const answer = await appendAtUrl(php, emulator, parameters);

    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });

  // Guzzle keeps names unchanged. `deserializeOutput()` of src/Deserializer.php looks up
  // `x-oss-request-id` in an array, and `deserializeOutputHeaders()` every name of a model; the
  // transforms use Guzzle, which ignores case. Users who read `headers` get names unchanged.
  test('finds headers by their exact names', async () => {
    await using emulator = await startEmulator();

    const append = php.append(0);
    const meta = { 'x-oss-meta-author': 'alice', 'Cache-Control': 'no-cache', Expires: '0' };
    const headers = { ...append.headers, ...meta, 'Content-Disposition': 'inline' };
    const written = await sendAs(php, emulator, { ...append, headers, body: 'first ' });
    const head = await sendAs(php, emulator, { method: 'HEAD' });
    const part = await sendAs(php, emulator, php.range);
    const put = await sendAs(php, emulator, { method: 'PUT', body: 'content' });

    const always = ['Server', 'Date', 'Connection', 'x-oss-request-id', 'x-oss-server-time'];
    expect([...written.headers.keys()]).toEqual(
      expect.arrayContaining([
        ...always,
        'Content-Length',
        'ETag',
        'x-oss-hash-crc64ecma',
        'x-oss-next-append-position',
      ]),
    );
    expect([...head.headers.keys()]).toEqual(
      expect.arrayContaining([
        ...always,
        'Content-Length',
        'Content-Type',
        'ETag',
        'Last-Modified',
        'Cache-Control',
        'Content-Disposition',
        'Expires',
        'x-oss-hash-crc64ecma',
        'x-oss-storage-class',
        'x-oss-object-type',
        'x-oss-next-append-position',
        'x-oss-meta-author',
      ]),
    );
    expect(part.header('Content-Range')).toBe('bytes 1-2/6');
    expect(put.header('Content-MD5')).toBe(md5Of('content'));
  });

  // `httpErrors()` of src/ClientImpl.php looks for exactly this text and these names.
  test('reads the error of a refused request', async () => {
    await using emulator = await startEmulator();

    const got = await sendAs(php, emulator, { method: 'GET' });
    const head = await sendAs(php, emulator, { method: 'HEAD' });

    expect(got.body).toContain('<Error>');
    expect(got.element('Code')).toBe('NoSuchKey');
    expect(got.element('EC')).toBe(got.header('x-oss-ec'));
    const inHeader = Buffer.from(head.header('x-oss-err') ?? '', 'base64').toString();
    expect(inHeader).toContain('<Error>');
    expect(inHeader).toContain('<Code>NoSuchKey</Code>');
  });
});
