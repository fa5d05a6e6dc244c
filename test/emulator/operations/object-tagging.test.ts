import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, elements, send } from '../signed-request.js';

const query = { tagging: '' };
const tagsOf = (tagging: string) => ({ headers: { 'x-oss-tagging': tagging } });

describe('GetObjectTagging', () => {
  test('returns the decoded tags set at creation', async () => {
    await using emulator = await startEmulator();
    const tagging = 'owner=a%2Fb+c%20d&sign%3D=%2B-%3D._%3A/&alone&%E4%B8%96=%E7%95%8C';
    await append(emulator, 'a', 0, 'x', tagsOf(tagging));
    await append(emulator, 'a', 1, 'x', tagsOf('late=1'));

    const response = await send(emulator, { key: 'a', query });
    const head = await send(emulator, { method: 'HEAD', key: 'a' });

    expect(elements(response, 'Key')).toEqual(['owner', 'sign=', 'alone', '世']);
    expect(elements(response, 'Value')).toEqual(['a/b c d', '+-=._:/', '', '界']);
    expect(String(response.body)).toMatch(/<Tagging>\n {2}<TagSet>\n {4}<Tag>/);
    expect(head.headers['x-oss-tagging-count']).toBe('4');
  });

  test('returns an empty set for an object without tags', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');

    const response = await send(emulator, { key: 'a', query });

    expect(String(response.body)).toContain('<TagSet></TagSet>');
    expect(element(await send(emulator, { key: 'b', query }), 'Code')).toBe('NoSuchKey');
  });
});

describe('x-oss-tagging', () => {
  test.each([
    { scenario: 'two equals signs', tagging: 'aa=bb=cc' },
    { scenario: 'no key', tagging: '=1' },
    { scenario: 'a repeated key', tagging: 'a=1&b=2&a=3' },
    { scenario: 'eleven tags', tagging: 'abcdefghijk'.split('').join('&') },
    { scenario: 'a key of 129 bytes', tagging: `${'k'.repeat(129)}=1` },
    { scenario: 'a value of 257 bytes', tagging: `k=${'v'.repeat(257)}` },
    { scenario: 'a character not allowed in tags', tagging: 'a=%23' },
    { scenario: 'a malformed percent-encoding', tagging: 'a=%2' },
  ])('is refused with $scenario', async ({ tagging }) => {
    await using emulator = await startEmulator();

    const response = await append(emulator, 'a', 0, 'x', tagsOf(tagging));

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidTag');
    expect((await send(emulator, { method: 'HEAD', key: 'a' })).status).toBe(404);
  });

  test('is accepted with the maximum length of OSS', async () => {
    await using emulator = await startEmulator();
    const tags = Array.from({ length: 9 }, (_, index) => `${index}=${'v'.repeat(256)}`);
    const tagging = [...tags, `${'k'.repeat(128)}=`].join('&');

    expect((await append(emulator, 'a', 0, 'x', tagsOf(tagging))).status).toBe(200);
  });
});
