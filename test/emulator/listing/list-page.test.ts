import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPage } from '../../../src/emulator/listing/list-page.js';
import { compareKeys } from '../../../src/emulator/objects/key-order.js';

const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\uffee', '😀'), minLength: 1 });

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

describe('compareKeys()', () => {
  test('orders keys by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        expect(Math.sign(compareKeys(left, right))).toBe(Math.sign(byBytes(left, right)));
      }),
    );
  });
});

describe('cutPage()', () => {
  test('returns the same entries for every page size as a simple grouping of all keys', () => {
    const lists = fc.uniqueArray(key, { maxLength: 30 });
    const options = fc.record({
      prefix: fc.constantFrom('', 'a', 'a/', '😀'),
      delimiter: fc.constantFrom('', '/', 'b', '/a'),
      maxEntries: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(lists, options, (keys, { prefix, delimiter, maxEntries }) => {
        const sorted = [...keys].sort(byBytes);
        const shown = sorted
          .filter((text) => text.startsWith(prefix))
          .map((text) => {
            const found = delimiter === '' ? -1 : text.indexOf(delimiter, prefix.length);
            return found === -1 ? text : `group ${text.slice(0, found + delimiter.length)}`;
          });

        const pages: string[][] = [];
        for (let after: string | undefined = ''; after !== undefined; ) {
          const page = cutPage(sorted, { prefix, delimiter, after, maxEntries });
          pages.push([...page.keys, ...page.commonPrefixes.map((text) => `group ${text}`)]);
          after = page.next;
        }

        expect(pages.flat().sort()).toEqual([...new Set(shown)].sort());
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(maxEntries);
      }),
    );
  });

  test('returns a page of 100,000 keys quickly', () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `logs/${index % 100}/${index}.log`);
    const startedAt = performance.now();
    const sorted = keys.sort(compareKeys);
    const options = { prefix: 'logs/', delimiter: '/', after: '', maxEntries: 1000 };

    const page = cutPage(sorted, options);

    expect(page.commonPrefixes).toHaveLength(100);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
