import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { key, md5Of, type SdkForms, sendAs, testCommonRequests } from './sdk-forms.js';
import { signerV1 } from './sdk-signers.js';

const document = [
  '<?xml version="1.0"?><Delete><Quiet>false</Quiet>',
  `<Object><Key>${key}</Key></Object></Delete>`,
].join('');

/**
 * https://github.com/aliyun/aliyun-oss-ruby-sdk: `get_request_url()` of lib/aliyun/oss/http.rb
 * form-encodes keys, with spaces as plus signs; `do_request()` adds a content type to every request
 * and supports only version 1; appends are streams, sent in chunks. rest-client omits the equals
 * sign of empty parameters, and Net::HTTP writes all names like `Content-Md5`. Bodies and queries:
 * lib/aliyun/oss/protocol.rb.
 */
const ruby: SdkForms = {
  sign: signerV1(),
  escapedKey: 'logs%2Fa+b%2B%C3%A9~',
  headers: () => ({
    Accept: '*/*',
    'Accept-Encoding': 'identity',
    'Content-Type': 'application/octet-stream',
    'User-Agent': 'aliyun-sdk-ruby/0.8.0 ruby-3.1.2/x86_64-linux',
  }),
  framing: 'chunks',
  append: (position) => ({ method: 'POST', query: `?append&position=${position}` }),
  meta: { method: 'HEAD' },
  range: { method: 'GET', headers: { Range: 'bytes=1-2' } },
  list: { method: 'GET', query: '?prefix=logs%2F' },
  deletion: {
    method: 'POST',
    query: '?delete',
    body: document,
    headers: { 'Content-Md5': md5Of(document) },
  },
};

/** `batch_delete_objects()` sends its document with a length. */
const { framing: _, ...rubyWithLength } = ruby;

describe('Ruby', () => {
  testCommonRequests(ruby);

  test('deletes objects with a Content-Length and encoded keys', async () => {
    await using emulator = await startEmulator();
    await sendAs(ruby, emulator, { ...ruby.append(0), body: 'first ' });
    const request = { ...ruby.deletion, query: '?delete&encoding-type=url' };

    const answer = await sendAs(rubyWithLength, emulator, request, 'bucket');

    // `decode_key()` decodes a plus sign as a space, so that the answer must not contain one.
    expect(answer.element('EncodingType')).toBe('url');
    expect(answer.element('Key')).not.toContain('+');
    expect(decodeURIComponent(answer.element('Key') ?? '')).toBe(key);
    expect((await sendAs(ruby, emulator, ruby.meta)).status).toBe(404);
  });

  test('puts an object in chunks', async () => {
    await using emulator = await startEmulator();

    const answer = await sendAs(ruby, emulator, { method: 'PUT', body: 'content' });

    expect([answer.status, answer.header('Content-MD5')]).toEqual([200, md5Of('content')]);
    expect(String(await emulator.read('examplebucket', key))).toBe('content');
  });
});
