import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { convertToAppendable, OssClient } from '../../src/index.js';
import { putObject, send } from '../emulator/signed-request.js';
import { connectionTo } from '../helpers/open-stream.js';

/** Bytes of a header as Node and undici show and send them: one character per byte. */
function bytes(text: string, encoding: BufferEncoding = 'utf8'): string {
  return Buffer.from(text, encoding).toString('latin1');
}

async function headersOf(emulator: Emulator, key: string, method = 'HEAD') {
  return (await send(emulator, { method, key })).headers;
}

describe('convertToAppendable() carries over byte for byte', () => {
  test.each([
    { scenario: 'metadata in UTF-8', headers: { 'x-oss-meta-name': bytes('größe 报告') } },
    // The last byte of "à" alone would be a space that does not break.
    { scenario: 'metadata that ends with 0xA0', headers: { 'x-oss-meta-name': bytes('voilà') } },
    { scenario: 'metadata in Latin-1', headers: { 'x-oss-meta-name': bytes('größe', 'latin1') } },
    {
      scenario: 'a content type in UTF-8, which is signed',
      headers: { 'content-type': bytes('text/plain; name="größe à') },
    },
    {
      scenario: 'a file name in UTF-8',
      headers: { 'content-disposition': bytes('attachment; filename="größe 报告.log"') },
    },
    {
      scenario: 'other headers',
      headers: { 'cache-control': bytes('x="é"'), 'content-encoding': 'x' },
    },
    { scenario: 'empty metadata', headers: { 'x-oss-meta-name': '' } },
    { scenario: 'an expiry that is no date', headers: { expires: '0' } },
    { scenario: 'an expiry in another format', headers: { expires: '2032-01-01T00:00:00Z' } },
    { scenario: 'an expiry', headers: { expires: 'Thu, 01 Jan 2032 00:00:00 GMT' } },
  ])('$scenario', async ({ headers }) => {
    await using emulator = await startEmulator();
    await putObject(emulator, 'source', 'content', { headers });
    expect(await headersOf(emulator, 'source')).toMatchObject(headers);

    await convertToAppendable({ key: 'source' }, { ...connectionTo(emulator), key: 'target' });

    expect(await headersOf(emulator, 'target')).toMatchObject(headers);
    expect(await headersOf(emulator, 'target', 'GET')).toMatchObject(headers);
  });
});

test('OssClient.appendObject() sends the bytes of headers, and signs them', async () => {
  await using emulator = await startEmulator();
  await using client = Object.assign(new OssClient(connectionTo(emulator)), {
    [Symbol.asyncDispose]: () => client.close(),
  });

  await client.appendObject('a', 0, Buffer.from('a'), {
    create: { contentType: 'text/plain', metadata: { name: Buffer.from('größe') } },
  });

  expect(await headersOf(emulator, 'a')).toMatchObject({
    'content-type': 'text/plain',
    'x-oss-meta-name': bytes('größe'),
  });
});
