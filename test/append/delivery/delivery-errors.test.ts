import { describe, expect, test } from 'vitest';
import {
  checksumError,
  divergedError,
  notAppendableError,
  retriesExhaustedError,
  unconfirmedError,
} from '../../../src/append/delivery/delivery-errors.js';
import { FrozenChunk } from '../../../src/append/delivery/frozen-chunk.js';

const chunk = new FrozenChunk(
  { key: 'a.log', position: 10, crc64: 1n, exists: true },
  Buffer.from('chunk'),
  () => 0n,
);
const cause = new Error('the reason');
const state = { length: 10, appendable: true, sealed: false };

describe('divergedError()', () => {
  test.each([
    { actualLength: 0, names: 'length' },
    { actualLength: 9, names: 'length' },
    { actualLength: 10, names: 'checksum' },
    { actualLength: 12, names: 'checksum' },
    { actualLength: 15, names: 'checksum' },
    { actualLength: 16, names: 'length' },
  ])('blames the $names when the object is $actualLength bytes long', ({ actualLength, names }) => {
    const why = `the object is ${actualLength} bytes long`;

    expect(divergedError(chunk, actualLength)).toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      key: 'a.log',
      position: 10,
      actualLength,
      message: `Cannot append 5 bytes to "a.log" at position 10: ${why}${
        names === 'checksum' ? ' and its CRC-64 is not ours' : ''
      }`,
    });
  });
});

describe('notAppendableError()', () => {
  test.each([
    { kind: 'sealed', found: { ...state, sealed: true, objectType: 'Appendable' } },
    { kind: 'of type Normal', found: { ...state, appendable: false, objectType: 'Normal' } },
    { kind: 'of type unknown', found: { ...state, appendable: false, objectType: undefined } },
  ])('says that the object is $kind', ({ kind, found }) => {
    expect(notAppendableError(chunk, found)).toMatchObject({
      code: 'APPEND_ERR_NOT_APPENDABLE',
      key: 'a.log',
      objectType: found.objectType,
      message: `Cannot append 5 bytes to "a.log" at position 10: the object is ${kind}`,
    });
  });
});

describe('other errors of a delivery', () => {
  test.each([
    {
      name: 'unconfirmedError()',
      error: unconfirmedError(chunk, cause),
      fields: { code: 'APPEND_ERR_UNCONFIRMED', position: 10, byteLength: 5, cause },
      message:
        'Cannot tell whether the append of 5 bytes to "a.log" at position 10 landed: the reason',
    },
    {
      name: 'retriesExhaustedError()',
      error: retriesExhaustedError(chunk, 3, cause),
      fields: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: 10, attempts: 3, cause },
      message: 'Cannot append 5 bytes to "a.log" at position 10 after 3 attempts: the reason',
    },
    {
      name: 'checksumError()',
      error: checksumError(chunk, { expected: 1n, actual: 0n }),
      fields: { code: 'APPEND_ERR_CHECKSUM', expected: 1n, actual: 0n },
      message:
        'Cannot trust the append of 5 bytes to "a.log" at position 10: the CRC-64 of the object is 0 instead of 1',
    },
  ])('$name has its message and its fields', ({ error, fields, message }) => {
    expect(error).toMatchObject({ key: 'a.log', message, ...fields });
  });
});
