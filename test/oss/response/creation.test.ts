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
      expires: '-1 or so',
    };

    expect(readCreation(headers)).toEqual({});
  });

  test('ignores headers that occur twice', () => {
    const headers = { 'content-type': ['a/b', 'c/d'], 'x-oss-meta-a': ['1', '2'] };

    expect(readCreation(headers)).toEqual({ metadata: {} });
  });
});
