import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { ExpectedBytes } from './expected-bytes.js';
import { ExpectedObject } from './expected-object.js';

const crc64 = await loadCrc64();
const period = randomBytes(65_000);
const total = 20 * period.byteLength;
const whole = Buffer.concat(Array.from({ length: 20 }, () => period));

function expectedObject(): ExpectedObject {
  return new ExpectedObject(new ExpectedBytes(period, crc64), 0);
}

describe('ExpectedObject', () => {
  const { byteLength: once } = period;

  test.each([0, 1, once - 1, once, once + 1, 2 * once, 3 * once, 7 * once + 13, 16 * once, total])(
    'has the checksum of its first %i bytes',
    (length) => {
      const object = expectedObject();
      object.add(whole.subarray(0, length));

      expect(object.crc64).toBe(crc64(whole.subarray(0, length)));
      expect(object.account).toMatchObject({ byteLength: length, mismatchAt: undefined });
    },
  );

  // Shorter and longer than a period, and than one comparison.
  test.each([1000, 65_536, 262_144, 262_145, 700_000])(
    'accepts its bytes in pieces of %i bytes',
    (pieceLength) => {
      const object = expectedObject();
      for (let start = 0; start < total; start += pieceLength) {
        object.add(whole.subarray(start, start + pieceLength));
      }

      expect(object.account).toMatchObject({ byteLength: total, mismatchAt: undefined });
      expect(object.crc64).toBe(crc64(whole));
    },
  );

  test.each([0, 1, once - 1, once, 262_143, 262_144, 700_001, total - 1])(
    'reports that byte %i is wrong',
    (position) => {
      const wrong = Buffer.from(whole);
      wrong[position] = (wrong[position] as number) ^ 1;
      const object = expectedObject();
      for (let start = 0; start < total; start += 500_000) {
        object.add(wrong.subarray(start, start + 500_000));
      }

      expect(object.account).toMatchObject({ byteLength: total, mismatchAt: position });
    },
  );

  test('reports the first of several wrong bytes', () => {
    const object = expectedObject();
    object.add(whole.subarray(0, 100));
    object.add(whole.subarray(0, 100));
    object.add(whole.subarray(0, 100));

    expect(object.account.mismatchAt).toBe(100);
  });

  test('reports a repeated byte and a missing one', () => {
    const [repeated, missing] = [expectedObject(), expectedObject()];
    repeated.add(Buffer.concat([period, period.subarray(-1), period]));
    missing.add(Buffer.concat([period.subarray(0, -1), period]));

    expect(repeated.account.mismatchAt).toBe(once);
    expect(missing.account.mismatchAt).toBe(once - 1);
  });

  test('shares its expected bytes with others, but not its length', () => {
    const bytes = new ExpectedBytes(period, crc64);
    const [one, other] = [new ExpectedObject(bytes, 0), new ExpectedObject(bytes, 0)];
    one.add(whole.subarray(0, 3 * once));
    other.add(whole.subarray(0, 5));

    expect(one.crc64).toBe(crc64(whole.subarray(0, 3 * once)));
    expect(other.crc64).toBe(crc64(whole.subarray(0, 5)));
  });
});
