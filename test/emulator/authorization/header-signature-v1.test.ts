import { describe, expect, test } from 'vitest';
import { readHeaderV1 } from '../../../src/emulator/authorization/header-signature-v1.js';
import type { OssRequest } from '../../../src/emulator/protocol/request.js';

const date = 'Wed, 28 Dec 2022 10:27:41 GMT';
const instant = '2022-12-28T10:27:41.000Z';

function requestWith(headers: Readonly<Record<string, string>>, rest: Partial<OssRequest> = {}) {
  const request = { method: 'GET', bucket: 'examplebucket', key: undefined, query: [] };
  const common = { hostId: '', expectsContinue: false };
  return { ...request, ...common, ...rest, headers: new Map(Object.entries(headers)) };
}

const nelson = {
  'content-md5': 'eB5eJF1ptWaXm4bijSPyxw==',
  'content-type': 'text/html',
  'x-oss-meta-author': 'alice',
  'x-oss-meta-magic': 'abracadabra',
};
const put = { method: 'PUT', key: 'nelson' };
const plain = ['non-resousce', 'null'] as const;

/**
 * Cases from both official version 2 SDKs. Go sends and signs `Date` too; Python signs only
 * `x-oss-date`.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/signer/signer_test.go
 * @see https://github.com/aliyun/alibabacloud-oss-python-sdk-v2/blob/master/tests/unit/signer/test_v1.py
 */
const vectors = [
  { scenario: 'an object', headers: nelson, rest: put, signature: 'kSHKmLxlyEAKtZPkJhG9bZb5k7M=' },
  {
    scenario: 'a subresource',
    headers: nelson,
    rest: { ...put, query: [['acl', '']] },
    signature: '/afkugFbmWDQ967j1vr6zygBLQk=',
  },
  {
    scenario: 'a bucket',
    headers: {},
    rest: { query: [['resourceGroup', ''], plain] },
    signature: 'vkQmfuUDyi1uDi3bKt67oemssIs=',
  },
  {
    scenario: 'two subresources out of order',
    headers: {},
    rest: { query: [['resourceGroup', ''] as const, ['acl', ''] as const] },
    signature: 'x3E5TgOvl/i7PN618s5mEvpJDYk=',
  },
] satisfies {
  scenario: string;
  headers: Readonly<Record<string, string>>;
  rest: Partial<OssRequest>;
  signature: string;
}[];

describe('readHeaderV1()', () => {
  test.each(vectors)('agrees with the SDKs on $scenario', ({ headers, rest, signature }) => {
    for (const dates of [{ 'x-oss-date': date }, { 'x-oss-date': date, date }]) {
      const authorization = `OSS ak:${signature}`;

      const claim = readHeaderV1(requestWith({ ...headers, ...dates, authorization }, rest));

      expect(claim?.accessKeyId).toBe('ak');
      expect(claim?.signature).toBe(signature);
      expect(claim?.expect('sk').signature).toBe(signature);
    }
  });

  test.each([
    { scenario: 'the Date', headers: { date }, line: date },
    { scenario: 'x-oss-date', headers: { 'x-oss-date': date }, line: date },
    {
      scenario: 'x-oss-date in ISO 8601',
      headers: { 'x-oss-date': '20221228T102741Z' },
      line: '20221228T102741Z',
    },
    {
      scenario: 'x-oss-date rather than Date',
      headers: { date: 'Thu, 01 Jan 1970 00:00:00 GMT', 'x-oss-date': date },
      line: date,
    },
  ])('takes the time from $scenario', ({ headers, line }) => {
    const claim = readHeaderV1(requestWith({ ...headers, authorization: 'OSS ak:signature' }));

    expect(claim?.expect('sk').stringToSign.split('\n')[3]).toBe(line);
    expect(() => claim?.assertTimely(new Date(instant))).not.toThrow();
    expect(() => claim?.assertTimely(new Date('2022-12-28T11:00:00Z'))).toThrow(
      'The difference between the request time and the current time is too large.',
    );
  });

  test.each([
    { scenario: 'no date', headers: {} },
    { scenario: 'an invalid date', headers: { date: 'yesterday' } },
    { scenario: 'a date in another format', headers: { date: '2022-12-28T10:27:41Z' } },
  ])('refuses $scenario', ({ headers }) => {
    const claim = readHeaderV1(requestWith({ ...headers, authorization: 'OSS ak:signature' }));

    expect(() => claim?.assertTimely(new Date(instant))).toThrow(
      expect.objectContaining({
        status: 403,
        code: 'AccessDenied',
        details: { ec: '0002-00000503' },
      }),
    );
  });

  test.each([
    { authorization: 'OSS ak', ec: '0002-00000062' },
    { authorization: 'OSS :signature', ec: '0002-00000063' },
    { authorization: 'OSS  :signature', ec: '0002-00000063' },
    { authorization: 'OSS ak:', ec: '0002-00000065' },
  ])('refuses "$authorization"', ({ authorization, ec }) => {
    expect(() => readHeaderV1(requestWith({ authorization }))).toThrow(
      expect.objectContaining({ status: 400, code: 'InvalidArgument', details: { ec } }),
    );
  });

  test.each([
    { scenario: 'version 4', headers: { authorization: 'OSS4-HMAC-SHA256 Credential=a' } },
    { scenario: 'version 2', headers: { authorization: 'OSS2 AccessKeyId:a,Signature:b' } },
    { scenario: 'none', headers: {} },
  ])('returns undefined for $scenario', ({ headers }) => {
    expect(readHeaderV1(requestWith(headers as Record<string, string>))).toBeUndefined();
  });
});
