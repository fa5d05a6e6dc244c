import { describe, expect, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { SharedObject, sharedLine } from '../sharing/shared-object.js';

const crc64 = await loadCrc64();
const lineLength = 40;

/** Lines as `writer.number`. */
function chunk(...lines: readonly string[]): Buffer {
  const text = lines.map((line) => {
    const [writer = 0, number = 0] = line.split('.').map(Number);
    return sharedLine(writer, number, lineLength);
  });
  return Buffer.from(text.join(''));
}

/** The account of an object to which chunks were appended one behind the other. */
function accountOf(...chunks: readonly Buffer[]) {
  const object = new SharedObject(crc64, lineLength);
  for (const bytes of chunks) object.append(object.length, bytes);
  return object.account;
}

describe('SharedObject', () => {
  test('takes whole lines of several writers, each in its order, in any order of the writers', () => {
    const chunks = [chunk('1.0', '1.1'), chunk('2.0'), chunk('1.2'), chunk('2.1')];
    const object = new SharedObject(crc64, lineLength);
    for (const bytes of chunks) expect(object.append(object.length, bytes)).toBe(true);

    expect(object.account).toEqual({
      byteLength: 5 * lineLength,
      lines: 5,
      appends: 4,
      refusals: 0,
      mismatch: undefined,
    });
    expect(object.crc64).toBe(crc64(Buffer.concat(chunks)));
  });

  test('refuses a chunk elsewhere, and counts it', () => {
    const object = new SharedObject(crc64, lineLength);
    object.append(0, chunk('1.0'));

    expect(object.append(0, chunk('2.0'))).toBe(false);
    expect(object.account).toMatchObject({ lines: 1, appends: 1, refusals: 1 });
  });

  test.each([
    { scenario: 'doubled', bytes: chunk('1.0') },
    { scenario: 'missing', bytes: chunk('1.2') },
    { scenario: 'torn', bytes: chunk('1.1').subarray(0, 30) },
    {
      scenario: 'glued to another',
      bytes: Buffer.concat([chunk('1.1').subarray(0, 30), chunk('2.0')]),
    },
    { scenario: 'of no writer', bytes: Buffer.alloc(lineLength, 'x') },
  ])('tells a line that is $scenario', ({ bytes }) => {
    expect(accountOf(chunk('1.0'), bytes, chunk('3.0')).mismatch).toContain(`at ${lineLength}`);
  });
});
