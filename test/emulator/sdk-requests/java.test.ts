import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import {
  appendAtUrl,
  key,
  md5Of,
  md5OfNothing,
  type SdkForms,
  sendAs,
  signUrl,
  testCommonRequests,
} from './sdk-forms.js';
import { signerV1, signerV4 } from './sdk-signers.js';

const document = `<Delete><Quiet>false</Quiet><Object><Key>${key}</Key></Object></Delete>`;

/**
 * https://github.com/aliyun/aliyun-oss-java-sdk, below src/main/java/com/aliyun/oss:
 * `paramToQueryString()` of common/utils/HttpUtil.java omits the equals sign of empty parameters
 * and keeps their order; `urlEncodeKey()` of internal/OSSUtils.java keeps the slashes of a key and
 * escapes its tildes. Version 1 is the default. Queries: internal/OSSObjectOperation.java and
 * internal/OSSBucketOperation.java. Apache HttpClient 4 adds `Connection: Keep-Alive`.
 */
const java1: SdkForms = {
  sign: signerV1(),
  escapedKey: 'logs/a%20b%2B%C3%A9%7E',
  headers: () => ({
    Connection: 'Keep-Alive',
    'User-Agent': 'aliyun-sdk-java/3.18.1(Linux/6.1.0/amd64;1.8.0_392)',
  }),
  append: (position) => ({
    method: 'POST',
    query: `?append&position=${position}`,
    headers: { 'Content-Type': 'application/octet-stream' },
  }),
  meta: { method: 'HEAD', query: '?objectMeta' },
  range: { method: 'GET', headers: { Range: 'bytes=1-2' } },
  list: { method: 'GET', query: '?prefix=logs%2F' },
  deletion: {
    method: 'POST',
    query: '?delete',
    body: document,
    headers: { 'Content-MD5': md5Of(document) },
  },
};

/** internal/signer/OSSV4Signer.java; the `Date` of internal/OSSRequestMessageBuilder.java stays. */
const java1WithV4: SdkForms = {
  ...java1,
  sign: signerV4({ ossDate: 'x-oss-date', date: 'Date' }),
};

describe('Java 1 with version 4', () => testCommonRequests(java1WithV4));

describe('Java 1', () => {
  testCommonRequests(java1);

  test('requests encoded keys in the answer to a deletion by a header', async () => {
    await using emulator = await startEmulator();
    const { headers } = java1.deletion;
    const request = { ...java1.deletion, headers: { ...headers, 'Encoding-type': 'url' } };

    const answer = await sendAs(java1, emulator, request, 'bucket');

    expect(answer.element('EncodingType')).toBe('url');
    expect(decodeURIComponent(answer.element('Key') ?? '')).toBe(key);
  });

  // common/comm/RepeatableInputStreamEntity.java: HttpClient sends bodies of unknown length in
  // chunks.
  test('appends a stream of unknown length in chunks', async () => {
    await using emulator = await startEmulator();
    const sdk: SdkForms = { ...java1, framing: 'chunks' };

    const answer = await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });

  // `presign()` of internal/signer/OSSV4Signer.java uses the parameter of version 1 for the token.
  test('appends to a URL of version 4 with the token parameter of version 1', async () => {
    const credentials = { accessKeyId: 'sts', accessKeySecret: 'secret', securityToken: 'to/k+n=' };
    await using emulator = await startEmulator({ credentials });
    const token = { 'security-token': credentials.securityToken };
    const signed = signUrl(emulator, 'version 4 in the query', token);
    const { append: _, ...rest } = signed;
    const parameters = Object.entries(rest).map(
      ([name, value]) => `${name}=${encodeURIComponent(value)}`,
    );

    const answer = await appendAtUrl(java1, emulator, ['append', ...parameters]);

    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });
});

/**
 * https://github.com/aliyun/alibabacloud-oss-java-sdk-v2, below
 * src/main/java/com/aliyun/sdk/service/oss2: `encodeQueryParameters()` of utils/HttpUtils.java
 * writes an equals sign after every parameter, in the order of a HashMap; `buildHostPath()` of
 * internal/OssUtils.java keeps the slashes of a key; `authHeader()` of signer/SignerV4.java sends
 * the time in both headers. Version 4 is the default. Queries and bodies: transform/. Every request
 * has an entity (`buildRequestContext()` of internal/ClientImpl.java), so that Apache HttpClient 5
 * sends a length with GET and HEAD too; since 5.4 it also offers an upgrade to TLS with both.
 *
 * @see https://github.com/apache/httpcomponents-client, protocol/RequestUpgrade.java
 */
const java2: SdkForms = {
  sign: signerV4({ ossDate: 'x-oss-date', date: 'Date' }),
  escapedKey: 'logs/a%20b%2B%C3%A9~',
  headers: ({ method }) => ({
    'User-Agent': 'alibabacloud-java-sdk-v2/0.4.0(Linux/6.1.0/amd64;17.0.9)',
    ...(method === 'GET' || method === 'HEAD'
      ? { 'Content-Length': '0', Upgrade: 'TLS/1.2', Connection: 'Upgrade' }
      : { Connection: 'keep-alive' }),
  }),
  append: (position) => ({
    method: 'POST',
    query: `?position=${position}&append=`,
    headers: { 'Content-Type': 'application/octet-stream' },
  }),
  meta: {
    method: 'HEAD',
    query: '?objectMeta=',
    headers: { 'Content-MD5': md5OfNothing, 'Content-Type': 'application/xml' },
  },
  range: { method: 'GET', headers: { Range: 'bytes=1-2' } },
  list: {
    method: 'GET',
    query: '?list-type=2&encoding-type=url&prefix=logs%2F',
    headers: { 'Content-MD5': md5OfNothing, 'Content-Type': 'application/xml' },
  },
  deletion: {
    method: 'POST',
    query: '?encoding-type=url&delete=',
    body: document,
    headers: { 'Content-MD5': md5Of(document), 'Content-Type': 'application/xml' },
  },
};

describe('Java 2 with version 1', () => testCommonRequests({ ...java2, sign: signerV1() }));

describe('Java 2', () => {
  testCommonRequests(java2);

  // `fromSealAppendObject()` of transform/SerdeObjectBasic.java.
  test('seals an object', async () => {
    await using emulator = await startEmulator();
    await sendAs(java2, emulator, { ...java2.append(0), body: 'first ' });

    const request = { method: 'POST', query: '?seal=&position=6', body: '' };
    const answer = await sendAs(java2, emulator, request);

    expect(answer.status).toBe(200);
    expect(answer.header('x-oss-sealed-time')).toMatch(/ GMT$/);
  });

  // `authQuery()` of signer/SignerV4.java: in the order of a HashMap, the signature last.
  test('appends to a signed URL', async () => {
    await using emulator = await startEmulator();
    const signed = signUrl(emulator, 'version 4 in the query');
    const names = [
      'x-oss-expires',
      'x-oss-signature-version',
      'x-oss-credential',
      'x-oss-date',
      'position',
      'append',
      'x-oss-signature',
    ];
    const parameters = names.map((it) => `${it}=${encodeURIComponent(signed[it] ?? '')}`);

    const answer = await appendAtUrl(java2, emulator, parameters);

    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });
});
