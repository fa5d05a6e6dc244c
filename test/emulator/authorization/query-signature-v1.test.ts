import { describe, expect, test } from 'vitest';
import { readQueryV1 } from '../../../src/emulator/authorization/query-signature-v1.js';
import type { QueryParameter } from '../../../src/emulator/protocol/request-target.js';

const expires = '1699807420';
const before = new Date('2023-11-12T16:43:40Z');
const after = new Date('2023-11-12T16:43:41Z');
const signed: Readonly<Record<string, string>> = {
  OSSAccessKeyId: 'ak',
  Expires: expires,
  Signature: 'signature',
};

interface Parts {
  readonly key?: string;
  readonly headers?: ReadonlyMap<string, string>;
}

function requestWith(query: readonly QueryParameter[], { key = 'key', headers }: Parts = {}) {
  const request = { method: 'GET', bucket: 'bucket', key, query, headers: headers ?? new Map() };
  return { ...request, hostId: '', expectsContinue: false };
}

/**
 * Cases from both official version 2 SDKs; the last, with a second `?` in a value, is only in
 * Python.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/signer/signer_test.go
 * @see https://github.com/aliyun/alibabacloud-oss-python-sdk-v2/blob/master/tests/unit/signer/test_v1.py
 */
const vectors = [
  { scenario: 'an object', key: 'key', expires, signature: 'dcLTea+Yh9ApirQ8o8dOPqtvJXQ=' },
  {
    scenario: 'a token',
    key: 'key+123',
    expires: '1699808204',
    extra: [['security-token', 'token']],
    signature: 'jzKYRrM5y6Br0dRFPaTGOsbrDhY=',
  },
  {
    scenario: 'headers and an encoded value',
    key: 'key',
    expires: '1699808204',
    versionId: 'versionId?param1=value1',
    headers: new Map([
      ['x-oss-head1', 'value'],
      ['abc', 'value'],
      ['content-type', 'application/octet-stream'],
    ]),
    extra: [
      ['+param1', 'value3'],
      ['param2', ''],
      ['response-content-disposition', 'attachment; filename=example.txt'],
      ['security-token', 'token'],
    ],
    signature: '3GJoEOv5LX2ASp0HJk/hAk+qLJc=',
  },
] satisfies (Parts & {
  scenario: string;
  expires: string;
  versionId?: string;
  extra?: QueryParameter[];
  signature: string;
})[];

describe('readQueryV1()', () => {
  test.each(vectors)('agrees with the SDKs on $scenario', (vector) => {
    const query: QueryParameter[] = [
      ['versionId', vector.versionId ?? 'versionId'],
      ['Signature', vector.signature],
      ['OSSAccessKeyId', 'ak'],
      ['Expires', vector.expires],
      ...(vector.extra ?? []),
    ];

    const claim = readQueryV1(requestWith(query, vector));

    expect(claim?.accessKeyId).toBe('ak');
    expect(claim?.signature).toBe(vector.signature);
    expect(claim?.expect('sk').signature).toBe(vector.signature);
  });

  test('is valid from any time until the second of its expiry', () => {
    const claim = readQueryV1(requestWith(Object.entries(signed)));

    expect(() => claim?.assertTimely(before)).not.toThrow();
    expect(() => claim?.assertTimely(new Date(0))).not.toThrow();
    expect(() => claim?.assertTimely(after)).toThrow(
      expect.objectContaining({
        status: 403,
        code: 'AccessDenied',
        message: 'Request has expired.',
        details: {
          ec: '0002-00000069',
          extras: { Expires: '2023-11-12T16:43:40.000Z', ServerTime: '2023-11-12T16:43:41.000Z' },
        },
      }),
    );
  });

  test('signs the expiry instead of a date', () => {
    const headers = new Map([['date', 'Wed, 28 Dec 2022 10:27:41 GMT']]);

    const claim = readQueryV1(requestWith(Object.entries(signed), { headers }));

    expect(claim?.expect('sk').stringToSign).toBe(`GET\n\n\n${expires}\n/bucket/key`);
  });

  test.each([
    { scenario: 'no Expires', query: { Expires: undefined }, ec: '0002-00000067' },
    { scenario: 'an empty Expires', query: { Expires: '' }, ec: '0002-00000068' },
    { scenario: 'an Expires in words', query: { Expires: 'abc' }, ec: '0002-00000070' },
    { scenario: 'an Expires with a fraction', query: { Expires: '1.5' }, ec: '0002-00000070' },
    { scenario: 'no key id', query: { OSSAccessKeyId: undefined }, ec: '0002-00000071' },
    { scenario: 'an empty key id', query: { OSSAccessKeyId: '' }, ec: '0002-00000072' },
    { scenario: 'no signature', query: { Signature: undefined }, ec: '0002-00000074' },
    { scenario: 'an empty signature', query: { Signature: '' }, ec: '0002-00000075' },
  ])('refuses $scenario', ({ query, ec }) => {
    const parameters = Object.entries({ ...signed, ...query }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );

    expect(() => readQueryV1(requestWith(parameters))).toThrow(
      expect.objectContaining({ status: 403, code: 'AccessDenied', details: { ec } }),
    );
  });

  test('returns undefined for a query without these parameters', () => {
    expect(readQueryV1(requestWith([['append', '']]))).toBeUndefined();
  });
});
