import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { key, md5Of, type SdkForms, sendAs, testCommonRequests } from './sdk-forms.js';
import { signerV1, signerV4 } from './sdk-signers.js';

const document = [
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<Delete>',
  '  <Quiet>false</Quiet>',
  '  <Object>',
  `    <Key>${key}</Key>`,
  '  </Object>',
  '</Delete>',
  '',
].join('\n');

/**
 * https://github.com/aliyun/aliyun-oss-cpp-sdk, below sdk/src: `CombinePathString()` of
 * utils/Utils.cc escapes the slashes of a key; `addUrl()` of OssClientImpl.cc sorts the query and
 * omits the equals sign of empty parameters; `addBody()` sends the length 0 for GET and POST
 * without a body, and `Headers()` of OssRequest.cc adds a content type to every request.
 * `makeRequest()` of http/CurlHttpClient.cc does not pass the length of a body to libcurl, which
 * sends chunks in addition to the length. Version 1 is the default. Bodies and queries: model/.
 */
const cpp: SdkForms = {
  sign: signerV1(),
  escapedKey: 'logs%2Fa%20b%2B%C3%A9~',
  headers: ({ method }) => ({
    Accept: '*/*',
    ...(method === 'GET' ? { 'Content-Length': '0' } : {}),
    'Content-Type': 'application/xml',
    'User-Agent': 'aliyun-sdk-cpp/1.10.0 (Linux/6.1.0/x86_64;12.2.0)',
  }),
  framing: 'chunks and length',
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

/** auth/AuthSignerV4.cc writes the names of its headers in upper case. */
const cppWithV4: SdkForms = {
  ...cpp,
  sign: signerV4({
    ossDate: 'X-Oss-Date',
    date: 'Date',
    contentSha256: 'X-Oss-Content-Sha256',
  }),
};

describe('C++ with version 4', () => testCommonRequests(cppWithV4));

describe('C++', () => {
  testCommonRequests(cpp);

  // For PUT without a body, `addBody()` removes the length, and libcurl sends only the last chunk.
  test.each([
    { operation: 'an ACL', query: '?acl', of: 'object', acl: 'x-oss-object-acl' },
    { operation: 'a bucket', query: '', of: 'bucket', acl: 'x-oss-acl' },
  ] as const)('puts $operation with an empty chunked body', async ({ query, of, acl }) => {
    await using emulator = await startEmulator();
    await sendAs(cpp, emulator, { ...cpp.append(0), body: 'first ' });
    const sdk: SdkForms = { ...cpp, framing: 'chunks' };

    const headers = { [acl]: 'private' };
    const answer = await sendAs(sdk, emulator, { method: 'PUT', query, headers, body: '' }, of);

    expect([answer.status, answer.body]).toEqual([200, '']);
  });

  // If `Host` is signed, `addHeaders()` of auth/AuthSignerV4.cc writes it without the port.
  test('signs the host without its port', async () => {
    await using emulator = await startEmulator();
    await sendAs(cpp, emulator, { ...cpp.append(0), body: 'first ' });
    const sign = signerV4({
      ossDate: 'X-Oss-Date',
      date: 'Date',
      contentSha256: 'X-Oss-Content-Sha256',
      additionalHeaders: ['host'],
    });
    const headers = { ...cpp.range.headers, Host: new URL(emulator.endpoint).hostname };

    const answer = await sendAs({ ...cpp, sign }, emulator, { ...cpp.range, headers });

    expect([answer.status, answer.body]).toEqual([206, 'ir']);
  });
});
