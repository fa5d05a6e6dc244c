import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../../src/emulator/index.js';
import { append, element, elements, send } from '../signed-request.js';

function deleteAll(
  emulator: Emulator,
  body: string | Uint8Array,
  query: Record<string, string> = {},
) {
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  return send(emulator, { method: 'POST', query: { delete: '', ...query }, body, headers });
}

function documentOf(keys: readonly string[], quiet = 'false'): string {
  const objects = keys.map((key) => `<Object>\n<Key>${key}</Key>\n</Object>`).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Delete>\n<Quiet>${quiet}</Quiet>\n${objects}</Delete>`;
}

describe('DeleteMultipleObjects', () => {
  test('deletes the named keys and lists all of them, even missing ones', async () => {
    await using emulator = await startEmulator();
    for (const key of ['a', 'b', 'c']) await append(emulator, key, 0, 'x');

    const response = await deleteAll(emulator, documentOf(['a', 'c', 'nothing']));

    expect(response.status).toBe(200);
    expect(elements(response, 'Key')).toEqual(['a', 'c', 'nothing']);
    expect(String(response.body)).toContain('<DeleteResult>\n  <Deleted>\n    <Key>a</Key>');
    expect(elements(await send(emulator, {}), 'Key')).toEqual(['b']);
  });

  test('answers without a document if Quiet is true', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');

    const response = await deleteAll(emulator, documentOf(['a'], 'true'));

    expect(response.status).toBe(200);
    expect(response.body.byteLength).toBe(0);
    expect((await send(emulator, { key: 'a' })).status).toBe(404);
  });

  test.each([
    { scenario: 'only digits', key: '007', xml: '007' },
    { scenario: 'spaces at its ends', key: ' a ', xml: ' a ' },
    { scenario: 'markup', key: `<&>"'`, xml: '&lt;&amp;&gt;&quot;&apos;' },
    { scenario: 'numeric character references', key: '"é😀\n', xml: '&#34;&#xe9;&#x1F600;&#xA;' },
    { scenario: 'text that looks like an entity', key: '&amp;', xml: '&amp;amp;' },
    { scenario: 'characters not allowed in XML', key: '\u0001\u0007', xml: '\u0001\u0007' },
    { scenario: 'a property name of JavaScript objects', key: 'constructor', xml: 'constructor' },
    { scenario: 'text in a CDATA section', key: '&amp;<b>', xml: '<![CDATA[&amp;<b>]]>' },
  ])('deletes a key with $scenario', async ({ key, xml }) => {
    await using emulator = await startEmulator();
    await append(emulator, key, 0, 'x');

    const response = await deleteAll(emulator, documentOf([xml]), { 'encoding-type': 'url' });

    expect(elements(response, 'Key').map(decodeURIComponent)).toEqual([key]);
    expect(element(response, 'EncodingType')).toBe('url');
    expect(elements(await send(emulator, {}), 'Key')).toEqual([]);
  });

  test('accepts a thousand keys full of markup', async () => {
    await using emulator = await startEmulator();
    const keys = Array.from({ length: 1000 }, (_, index) => `&amp;&lt;${index}`);

    const response = await deleteAll(emulator, documentOf(keys));

    expect(elements(response, 'Key')).toEqual(keys);
  });

  test.each([
    { scenario: 'a thousand and one keys', body: documentOf(Array(1001).fill('k')) },
    { scenario: 'no keys', body: documentOf([]) },
    { scenario: 'an object without a key', body: '<Delete><Object></Object></Delete>' },
    { scenario: 'an empty key', body: documentOf(['a', '']) },
    { scenario: 'a truncated document', body: documentOf(['a']).slice(0, -9) },
    { scenario: 'another document', body: '<Remove><Object><Key>a</Key></Object></Remove>' },
    { scenario: 'nothing', body: '' },
    {
      scenario: 'a document type',
      body: '<!DOCTYPE Delete [<!ENTITY b "a">]><Delete><Object><Key>b</Key></Object></Delete>',
    },
    { scenario: 'deeply nested elements', body: '<Delete>'.repeat(10_000) },
    { scenario: 'a code point above U+10FFFF', body: documentOf(['&#x110000;']) },
    { scenario: 'an entity of HTML', body: documentOf(['a', '&nbsp;']) },
    {
      scenario: 'an entity with a property name of JavaScript objects',
      body: documentOf(['a', '&valueOf;']),
    },
    { scenario: 'a lone surrogate', body: documentOf(['a', '&#xD800;']) },
    { scenario: 'another encoding', body: Buffer.from(documentOf(['a']), 'utf16le') },
    { scenario: 'invalid UTF-8', body: Buffer.from(documentOf(['a', '\xff']), 'latin1') },
    { scenario: 'too many elements', body: documentOf(['a'], '<b/>'.repeat(20_000)) },
  ])('refuses $scenario and deletes nothing', async ({ body }) => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');

    const response = await deleteAll(emulator, body);

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('MalformedXML');
    expect((await send(emulator, { key: 'a' })).status).toBe(200);
  });

  test('requires the correct MD5 of its body', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');
    const request = { method: 'POST', query: { delete: '' }, body: documentOf(['a']) };

    const without = await send(emulator, request);
    const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' };
    const wrong = await send(emulator, { ...request, headers });

    expect(without.status).toBe(400);
    expect(without.headers['x-oss-ec']).toBe('0016-00000606');
    expect(element(wrong, 'Code')).toBe('InvalidDigest');
    expect((await send(emulator, { key: 'a' })).status).toBe(200);
  });

  test('stops reading at the maximum length of a document', async () => {
    await using emulator = await startEmulator();

    const response = await deleteAll(emulator, documentOf(['k'.repeat(8 * 2 ** 20)]));

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('EntityTooLarge');
    expect(emulator.requests[0]?.byteLength).toBeLessThan(2.5 * 2 ** 20);
  });
});
