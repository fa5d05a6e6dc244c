import { describe, expect, test } from 'vitest';
import type { AppendObjectOptions, ObjectCreation } from '../../../src/append/append-client.js';
import {
  appendRequest,
  byteRange,
  getRequest,
  sealRequest,
} from '../../../src/oss/request/oss-request.js';

function append(options: AppendObjectOptions = {}) {
  return appendRequest({ key: 'a.log', position: 5 }, Buffer.from('hello'), options);
}

describe('appendRequest()', () => {
  test('has no headers without options', () => {
    expect(append().headers).toEqual({});
    expect(append({ create: {} }).headers).toEqual({});
    expect(append({ create: { contentType: undefined, metadata: {} } }).headers).toEqual({});
  });

  test('has all creation headers of a new object', () => {
    const create: ObjectCreation = {
      contentType: 'text/plain',
      cacheControl: 'no-cache',
      contentDisposition: 'attachment',
      contentEncoding: 'gzip',
      expires: new Date(0),
      acl: 'private',
      storageClass: 'IA',
      metadata: { Author: 'alice', 'x-1': '' },
      tagging: { 'a b': 'c+d', e: '' },
      serverSideEncryption: 'AES256',
    };
    expect(append({ create, requestPayer: 'requester', trafficLimit: 819_200 }).headers).toEqual({
      'content-type': 'text/plain',
      'cache-control': 'no-cache',
      'content-disposition': 'attachment',
      'content-encoding': 'gzip',
      expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
      'x-oss-object-acl': 'private',
      'x-oss-storage-class': 'IA',
      'x-oss-meta-author': 'alice',
      'x-oss-meta-x-1': '',
      'x-oss-tagging': 'a%20b=c%2Bd&e=',
      'x-oss-server-side-encryption': 'AES256',
      'x-oss-request-payer': 'requester',
      'x-oss-traffic-limit': '819200',
    });
  });

  test.each([
    { scenario: 'a line break in metadata', create: { metadata: { a: 'x\r\nhost: evil.com' } } },
    { scenario: 'a NUL in metadata', create: { metadata: { a: 'x\0' } } },
    { scenario: 'metadata beyond ASCII', create: { metadata: { a: 'é' } } },
    { scenario: 'a number as metadata', create: { metadata: { a: 5 } } },
    { scenario: 'a line break in a metadata name', create: { metadata: { 'a\nb': 'x' } } },
    { scenario: 'a colon in a metadata name', create: { metadata: { 'a:b': 'x' } } },
    { scenario: 'an empty metadata name', create: { metadata: { '': 'x' } } },
    { scenario: 'names that differ in case', create: { metadata: { a: 'x', A: 'y' } } },
    { scenario: 'a line break in contentType', create: { contentType: 'a\nb' } },
    { scenario: 'a line break in acl', create: { acl: 'private\nx' } },
    { scenario: 'an invalid expires', create: { expires: new Date(Number.NaN) } },
    { scenario: 'a string as expires', create: { expires: 'tomorrow' } },
  ])('refuses $scenario', ({ create }) => {
    expect(() => append({ create: create as unknown as ObjectCreation })).toThrow(TypeError);
  });

  test.each([
    { scenario: 'a negative position', position: -1, error: RangeError },
    { scenario: 'a fraction', position: 0.5, error: RangeError },
    { scenario: 'an unsafe position', position: 2 ** 53, error: RangeError },
    { scenario: 'a bigint position', position: 5n as unknown as number, error: TypeError },
  ])('refuses $scenario', ({ position, error }) => {
    expect(() => appendRequest({ key: 'a', position }, new Uint8Array(), {})).toThrow(error);
    expect(() => sealRequest('a', position, {})).toThrow(error);
  });

  test('refuses a body that is not a Uint8Array', () => {
    const body = 'hello' as unknown as Uint8Array;
    expect(() => appendRequest({ key: 'a', position: 0 }, body, {})).toThrow(TypeError);
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses %d as trafficLimit', (trafficLimit) => {
    expect(() => append({ trafficLimit })).toThrow(RangeError);
  });

  test('refuses another payer', () => {
    const requestPayer = 'me' as 'requester';
    expect(() => append({ requestPayer })).toThrow(TypeError);
  });
});

describe('getRequest()', () => {
  test.each([
    { options: {}, range: undefined },
    { options: { start: 0 }, range: undefined },
    { options: { start: 5 }, range: 'bytes=5-' },
    { options: { end: 5 }, range: 'bytes=0-4' },
    { options: { start: 5, end: 6 }, range: 'bytes=5-5' },
  ])('requests $range for $options', ({ options, range }) => {
    const { headers } = getRequest('a', byteRange(options), {});
    expect(headers.range).toBe(range);
    expect(headers['x-oss-range-behavior']).toBe(range && 'standard');
  });
});

test('getRequest() requires an entity tag', () => {
  expect(getRequest('a', undefined, { ifMatch: '"1"' }).headers).toEqual({ 'if-match': '"1"' });
});

test.each(['"1"\r\nhost: evil.com', '', '"a b"', '\u2026', 5])(
  'getRequest() refuses %j as an entity tag',
  (ifMatch) => {
    expect(() => getRequest('a', undefined, { ifMatch: ifMatch as string })).toThrow(
      /^Cannot read as 'ifMatch' must be a string of printable ASCII without spaces: current/,
    );
  },
);

test.each([{ start: -1 }, { end: 1.5 }, { start: 6, end: 5 }])(
  'byteRange() refuses %j',
  (options) => {
    expect(() => byteRange(options)).toThrow(RangeError);
  },
);
