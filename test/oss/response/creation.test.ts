import { describe, expect, test } from 'vitest';
import { creationHeaders } from '../../../src/oss/request/creation-headers.js';
import { readCreation } from '../../../src/oss/response/creation.js';

describe('readCreation()', () => {
  test('reads what an append can create an object with again', () => {
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache',
      'content-disposition': 'attachment',
      'content-encoding': 'gzip',
      expires: 'Thu, 01 Jan 2032 00:00:00 GMT',
      'x-oss-storage-class': 'Archive',
      'x-oss-server-side-encryption': 'KMS',
      'x-oss-meta-author': 'alice',
      'x-oss-meta-long': 'a'.repeat(400),
    };

    expect(creationHeaders(readCreation(headers))).toEqual(headers);
  });

  test('ignores what an append cannot set, and what is no part of the object', () => {
    const headers = {
      'content-length': '5',
      'x-oss-object-type': 'Normal',
      'x-oss-storage-class': 'DeepColdArchive',
      'x-oss-server-side-encryption': 'unknown',
      'x-oss-server-side-encryption-key-id': 'key',
      'x-oss-tagging-count': '2',
    };

    expect(readCreation(headers)).toEqual({});
  });

  test.each([
    { name: 'x-oss-meta-a', text: 'größe' },
    { name: 'content-disposition', text: 'attachment; filename="voilà' },
    { name: 'content-type', text: 'a/b; name="报告"' },
    { name: 'cache-control', text: 'ü' },
    { name: 'content-encoding', text: 'ü' },
    { name: 'expires', text: '0' },
    { name: 'expires', text: '-1 or so' },
    { name: 'expires', text: '2032-01-01' },
    { name: 'expires', text: 'Thursday, 01-Jan-32 00:00:00 GMT' },
    { name: 'expires', text: 'Invalid Date' },
    { name: 'expires', text: '' },
  ])('keeps $name as it is: $text', ({ name, text }) => {
    const headers = { [name]: Buffer.from(text).toString('latin1') };

    expect(creationHeaders(readCreation(headers))).toEqual(headers);
  });

  test('keeps the UTF-8 of a dispatcher that decodes it', () => {
    expect(readCreation({ 'content-disposition': '报告' })).toEqual({
      contentDisposition: Buffer.from('报告'),
    });
  });

  test('takes an expiry for a date only where the date says the same', () => {
    expect(readCreation({ expires: '0' })).toEqual({ expires: Buffer.from('0') });
    expect(readCreation({ expires: 'Thu, 01 Jan 2032 00:00:00 GMT' })).toEqual({
      expires: new Date('2032-01-01'),
    });
  });

  test('ignores headers that occur twice', () => {
    const headers = { 'content-type': ['a/b', 'c/d'], 'x-oss-meta-a': ['1', '2'] };

    expect(readCreation(headers)).toEqual({ metadata: {} });
  });
});
