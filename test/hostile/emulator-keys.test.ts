import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { append, send } from '../emulator/signed-request.js';
import { requestText, tell } from './emulator-client.js';
import { startGuarded, ways } from './emulator-guard.js';

/** Raw paths after the bucket, and the keys that they name. All keys are different. */
const accepted: readonly (readonly [path: string, key: string])[] = [
  ['..', '..'],
  ['.', '.'],
  ['../../x', '../../x'],
  ['a/../../b', 'a/../../b'],
  ['a/..', 'a/..'],
  ['./a', './a'],
  ['%2e%2e%2f%2e%2e%2fy', '../../y'],
  ['..%5c..%5cx', '..\\..\\x'],
  ['%252e%252e%252fx', '%2e%2e%2fx'],
  ['../emulator.pid', '../emulator.pid'],
  ['../examplebucket/bucket.json', '../examplebucket/bucket.json'],
  ['bucket.json', 'bucket.json'],
  ['bucket.json.new', 'bucket.json.new'],
  ['emulator.pid', 'emulator.pid'],
  ['object.json', 'object.json'],
  ['0'.repeat(64), '0'.repeat(64)],
  [`${'0'.repeat(64)}/object.json`, `${'0'.repeat(64)}/object.json`],
  ['a', 'a'],
  ['A', 'A'],
  ['a.', 'a.'],
  ['a..', 'a..'],
  ['a/', 'a/'],
  ['a//', 'a//'],
  ['a//b', 'a//b'],
  ['a%20', 'a '],
  ['a++', 'a  '],
  ['a%2B', 'a+'],
  ['a%25', 'a%'],
  ['a%00', 'a\0'],
  ['%00', '\0'],
  ['a%0A', 'a\n'],
  ['a%0D%0AX-Evil:%201', 'a\r\nX-Evil: 1'],
  ['%C3%A9', '\u00e9'],
  ['e%CC%81', 'e\u0301'],
  ['%C3%89', '\u00c9'],
  ['%E2%80%AE', '\u202e'],
  ['%EF%BB%BF', '\ufeff'],
  ['%EF%BF%BD', '\ufffd'],
  ['%EF%BF%BF', '\uffff'],
  ['%F0%9F%98%80', '😀'],
  ['%F4%8F%BF%BF', '\u{10ffff}'],
  ['%C4%B1', 'ı'],
  ['I', 'I'],
  ['%C3%9F', 'ß'],
  ['ss', 'ss'],
  ['CON', 'CON'],
  ['nul.txt', 'nul.txt'],
  ['C:%5Cwindows', 'C:\\windows'],
  ['C:/windows', 'C:/windows'],
  ['a:b', 'a:b'],
  ['~/.profile', '~/.profile'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['%3Fappend&position=0', '?append&position=0'],
  ['%23', '#'],
  ['k'.repeat(1023), 'k'.repeat(1023)],
  ['%E4%B8%96'.repeat(341), '世'.repeat(341)],
];

/** Invalid keys; `key` is used for signing if the path cannot be decoded. */
const refused: readonly { path: string; key?: string; code: string }[] = [
  { path: '%', key: 'x', code: 'InvalidURI' },
  { path: '%2', key: 'x', code: 'InvalidURI' },
  { path: 'a%zz', key: 'x', code: 'InvalidURI' },
  { path: '%u0041', key: 'x', code: 'InvalidURI' },
  { path: '%C0%AF', key: 'x', code: 'InvalidArgument' },
  { path: '%C0%80', key: 'x', code: 'InvalidArgument' },
  { path: '%E0%80%AF', key: 'x', code: 'InvalidArgument' },
  { path: '%F0%80%80%AF', key: 'x', code: 'InvalidArgument' },
  { path: '%ED%A0%80', key: 'x', code: 'InvalidArgument' },
  { path: '%ED%A0%BD%ED%B8%80', key: 'x', code: 'InvalidArgument' },
  { path: '%F4%90%80%80', key: 'x', code: 'InvalidArgument' },
  { path: '%FF', key: 'x', code: 'InvalidArgument' },
  { path: 'a%C3', key: 'x', code: 'InvalidArgument' },
  { path: '/a', code: 'InvalidObjectName' },
  { path: '/../a', code: 'InvalidObjectName' },
  { path: '%2Fa', code: 'InvalidObjectName' },
  { path: '%5Ca', code: 'InvalidObjectName' },
  { path: '%2f%2fhost/share', code: 'InvalidObjectName' },
  { path: 'k'.repeat(1024), code: 'InvalidObjectName' },
  { path: '%E4%B8%96'.repeat(342), code: 'InvalidObjectName' },
];

const uses = [
  { method: 'POST', query: { append: '', position: '0' } },
  { method: 'PUT', query: {} },
  { method: 'GET', query: {} },
  { method: 'DELETE', query: {} },
];

describe.each(ways)('with $way', (way) => {
  test('unusual paths each name their own object', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;
    const query = { append: '', position: '0' };
    const target = (path: string) => `/examplebucket/${path}?append&position=0`;

    for (const [path, key] of accepted) {
      const request = { method: 'POST', key, query, path: target(path), body: path };
      const verdict = await tell(emulator, requestText(emulator, request));
      expect([key, verdict]).toEqual([key, { status: 200 }]);
    }

    for (const [path, key] of accepted) {
      expect(String(await emulator.read('examplebucket', key))).toBe(path);
    }
    await guarded.assertUnharmed();
    await emulator.close();
    await using reopened = await guarded.reopen();
    for (const [path, key] of accepted) {
      expect(String((await send(reopened, { key })).body)).toBe(path);
    }
  });

  test('an invalid key is refused for every operation', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;

    for (const { path, key = decodeURIComponent(path), code } of refused) {
      for (const { method, query } of uses) {
        const target = `/examplebucket/${path}${'append' in query ? '?append&position=0' : ''}`;
        const request = { method, key, query, path: target, body: 'x' };
        const verdict = await tell(emulator, requestText(emulator, request));
        expect([method, path, verdict]).toEqual([method, path, { status: 400, code }]);
      }
    }
    await guarded.assertUnharmed();
  });
});

/** Pieces that file systems, URLs or Unicode normalisation may change. */
const piece = fc.oneof(
  fc.constantFrom('.', '..', '/', '\\', ' ', '%', '+', '\0', ':', '~', '?', '#', '%2e', '%2F'),
  fc.constantFrom('a', 'A', 'é', 'e\u0301', 'É', 'K', '\u212a', 'ß', 'ss', 'ſ', 'ı', 'I', 'İ'),
  fc.constantFrom('\u200d', '\ufeff', '\ufffd', '\uffff', '😀', '\u{10ffff}', '__proto__'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
);
const key = fc
  .array(piece, { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join(''))
  .filter((text) => !/^[/\\]/.test(text) && isWellFormed(text));

/** A lone surrogate has no UTF-8 encoding and cannot be sent. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

test.each(ways)('different keys never share an object, with $way', async (way) => {
  await using guarded = await startGuarded(way);
  const { emulator } = guarded;

  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { minLength: 2, maxLength: 8 }), async (keys) => {
      for (const key of keys) expect((await append(emulator, key, 0, key)).status).toBe(200);
      const [first = '', ...others] = keys;
      expect((await send(emulator, { method: 'DELETE', key: first })).status).toBe(204);

      expect((await send(emulator, { key: first })).status).toBe(404);
      for (const key of others) {
        expect(String((await send(emulator, { key })).body)).toBe(key);
        await send(emulator, { method: 'DELETE', key });
      }
    }),
    { numRuns: 12 },
  );
  await guarded.assertUnharmed();
});
