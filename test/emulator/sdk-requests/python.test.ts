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
import { type Signer, signerV1, signerV4 } from './sdk-signers.js';

/**
 * Headers that requests and http.client add if the SDK removes `Accept-Encoding`.
 *
 * @see https://github.com/python/cpython/blob/main/Lib/http/client.py, `putrequest()`
 */
const pythonHeaders = {
  'Accept-Encoding': 'identity',
  Accept: '*/*',
  Connection: 'keep-alive',
};

const python1Document = [
  `<?xml version='1.0' encoding='utf-8'?>\n`,
  `<Delete><Quiet>false</Quiet><Object><Key>${key}</Key></Object></Delete>`,
].join('');

/**
 * https://github.com/aliyun/aliyun-oss-python-sdk: `_UrlMaker` of oss2/api.py escapes the slashes
 * of a key; requests writes an equals sign after every parameter; oss2/auth.py writes the names of
 * its headers in lower case. Version 1 is the default. Bodies and queries: `append_object()`,
 * `get_object_meta()`, `get_object()`, `list_objects()` and `batch_delete_objects()` of
 * oss2/api.py, `to_batch_delete_objects_request()` of oss2/xml_utils.py.
 */
const python1: SdkForms = {
  sign: signerV1({ date: 'date', authorization: 'authorization' }),
  escapedKey: 'logs%2Fa%20b%2B%C3%A9~',
  headers: () => ({
    ...pythonHeaders,
    'User-Agent': 'aliyun-sdk-python/2.19.1(Linux/6.1.0/x86_64;3.11.2)',
  }),
  append: (position) => ({
    method: 'POST',
    query: `?append=&position=${position}`,
    headers: { 'Content-Type': 'application/octet-stream' },
  }),
  meta: { method: 'GET', query: '?objectMeta=' },
  range: { method: 'GET', headers: { range: 'bytes=1-2' } },
  list: {
    method: 'GET',
    query: '?prefix=logs%2F&delimiter=&marker=&max-keys=100&encoding-type=url',
  },
  deletion: {
    method: 'POST',
    query: '?delete=&encoding-type=url',
    body: python1Document,
    headers: { 'Content-MD5': md5Of(python1Document) },
  },
};

/**
 * `ProviderAuthV4` of oss2/auth.py writes spaces in the header, and the list after the signature.
 */
function signerOfPython1(additionalHeaders: readonly string[] = []): Signer {
  const sign = signerV4({
    ossDate: 'x-oss-date',
    authorization: 'authorization',
    additionalHeaders,
  });
  return (emulator, request) => {
    const headers = sign(emulator, request);
    const [credential, ...rest] = (headers.authorization ?? '').split(',');
    return { ...headers, authorization: [credential, ...rest.reverse()].join(', ') };
  };
}

describe('Python 1 with version 4', () =>
  testCommonRequests({ ...python1, sign: signerOfPython1() }));

describe('Python 1', () => {
  testCommonRequests(python1);

  test('signs additional headers with version 4', async () => {
    await using emulator = await startEmulator();
    await sendAs(python1, emulator, { ...python1.append(0), body: 'first ' });
    const sdk = { ...python1, sign: signerOfPython1(['range']) };

    const answer = await sendAs(sdk, emulator, sdk.range);

    expect([answer.status, answer.body]).toEqual([206, 'ir']);
  });

  // `object_exists()` of oss2/api.py distinguishes a missing object from a missing bucket by the
  // document, which is why `get_object_meta()` is not a HEAD.
  test('reads in a document that the object does not exist', async () => {
    await using emulator = await startEmulator();

    const answer = await sendAs(python1, emulator, python1.meta);

    expect([answer.status, answer.element('Code')]).toEqual([404, 'NoSuchKey']);
  });

  // `prepare_body()` of requests/models.py sends an iterable of unknown length in chunks.
  test('appends an iterable of unknown length in chunks', async () => {
    await using emulator = await startEmulator();
    const sdk: SdkForms = { ...python1, framing: 'chunks' };

    const answer = await sendAs(sdk, emulator, { ...sdk.append(0), body: 'first ' });

    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });

  // `_sign_url()` and `_param_to_quoted_query()` of oss2/auth.py: the signature comes last.
  test('appends to a signed URL', async () => {
    await using emulator = await startEmulator();
    const signed = signUrl(emulator, 'version 1 in the query');
    const names = ['OSSAccessKeyId', 'Expires', 'Signature'];
    const signature = names.map((it) => `${it}=${encodeURIComponent(signed[it] ?? '')}`);

    const answer = await appendAtUrl(python1, emulator, ['append', 'position=0', ...signature]);

    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });
});

const python2Document = `<Delete><Object><Key>${key}</Key></Object></Delete>`;

/**
 * https://github.com/aliyun/alibabacloud-oss-python-sdk-v2: `build_request_context()` and
 * `_build_url()` of alibabacloud_oss_v2/_client.py write an equals sign after every parameter and
 * keep the slashes of a key; `_auth_header()` of signer/v4.py sends the time in both headers.
 * Version 4 is the default. Bodies and queries: operations/object_basic.py and
 * operations/bucket_basic.py; serde_utils.py has `serialize_delete_objects()`, and sends the MD5 of
 * an empty body with requests without one.
 */
const python2: SdkForms = {
  sign: signerV4({ ossDate: 'x-oss-date', date: 'Date' }),
  escapedKey: 'logs/a%20b%2B%C3%A9~',
  headers: () => ({
    ...pythonHeaders,
    'User-Agent': 'alibabacloud-python-sdk-v2/1.2.0 (Linux/6.1.0/x86_64;3.11.2)',
  }),
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
    body: python2Document,
    headers: { 'Content-Type': 'application/xml', 'Content-MD5': md5Of(python2Document) },
  },
};

describe('Python 2 with version 1', () => testCommonRequests({ ...python2, sign: signerV1() }));

describe('Python 2', () => {
  testCommonRequests(python2);

  // `_auth_query()` of signer/v4.py: in the order they were added, without an equals sign.
  test('appends to a signed URL', async () => {
    await using emulator = await startEmulator();
    const signed = signUrl(emulator, 'version 4 in the query');
    const names = [
      'x-oss-signature-version',
      'x-oss-date',
      'x-oss-expires',
      'x-oss-credential',
      'x-oss-signature',
    ];
    const signature = names.map((it) => `${it}=${encodeURIComponent(signed[it] ?? '')}`);

    const answer = await appendAtUrl(python2, emulator, ['append', 'position=0', ...signature]);

    expect(answer.header('x-oss-next-append-position')).toBe('6');
  });

  // `_to_service_error()` of alibabacloud_oss_v2/_client.py reads the document of HEAD in a header.
  test('reads the error of a refused HEAD in a header', async () => {
    await using emulator = await startEmulator();

    const answer = await sendAs(python2, emulator, { method: 'HEAD' });

    const document = Buffer.from(answer.header('x-oss-err') ?? '', 'base64').toString();
    expect(answer.status).toBe(404);
    expect(document).toContain('<Code>NoSuchKey</Code>');
    expect(answer.header('x-oss-ec')).toBe('0026-00000001');
  });
});
