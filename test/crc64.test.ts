import { describe, expect, test } from 'vitest';
import { combineCrc64, loadCrc64 } from '../src/crc64.js';

const crc64 = await loadCrc64();
const text = (value: string) => Buffer.from(value);

describe('crc64()', () => {
  test.each([
    { scenario: 'no bytes', bytes: text(''), expected: 0n },
    { scenario: 'the check value', bytes: text('123456789'), expected: 11051210869376104954n },
    { scenario: 'one byte', bytes: text('a'), expected: 3675645893302102789n },
    { scenario: 'abcd', bytes: text('abcd'), expected: 4367691578187800762n },
    { scenario: 'hello', bytes: text('hello'), expected: 11177612005948864433n },
    {
      scenario: 'bytes 0 to 255',
      bytes: Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      expected: 8232944260754389680n,
    },
    { scenario: '1024 zeros', bytes: Buffer.alloc(1024), expected: 14085117335336199948n },
  ])('is the CRC-64/XZ of $scenario', ({ bytes, expected }) => {
    expect(crc64(bytes)).toBe(expected);
  });
});

describe('combineCrc64()', () => {
  test('combines the published pair of checksums', () => {
    const first = crc64(text('hello '));
    const second = crc64(text('oss append object'));

    expect(first).toBe(1796661072844795914n);
    expect(second).toBe(16919996205333044657n);
    expect(combineCrc64(first, second, 17)).toBe(5488852893742700147n);
  });

  test.each([0, 1, 2, 7, 8, 255, 256, 257, 4096, 65_537])(
    'equals the checksum of both runs when the second has %d bytes',
    (length) => {
      const whole = Buffer.from(Array.from({ length: length + 1000 }, (_, i) => (i * 31) % 251));
      const [first, second] = [whole.subarray(0, 1000), whole.subarray(1000)];

      expect(combineCrc64(crc64(first), crc64(second), length)).toBe(crc64(whole));
    },
  );

  test('returns the first checksum when the second run is empty', () => {
    expect(combineCrc64(42n, 0n, 0)).toBe(42n);
  });

  test('accepts a second run whose length exceeds 32 bits', () => {
    const zeros = (length: number): bigint => {
      let checksum = crc64(Buffer.alloc(1 << 20));
      let size = 1 << 20;
      while (size < length) {
        checksum = combineCrc64(checksum, checksum, size);
        size *= 2;
      }
      return checksum;
    };
    const gib = 2 ** 30;

    expect(combineCrc64(zeros(4 * gib), zeros(4 * gib), 4 * gib)).toBe(zeros(8 * gib));
    expect(combineCrc64(zeros(4 * gib), zeros(gib), gib)).toBe(
      combineCrc64(zeros(gib), zeros(4 * gib), 4 * gib),
    );
  });
});
