import { describe, expect, test } from 'vitest';
import { readQueryV4 } from '../../../src/emulator/authorization/query-signature-v4.js';
import type { QueryParameter } from '../../../src/emulator/protocol/request-target.js';

const region = 'cn-hangzhou';
const scope = `20231217/${region}/oss/aliyun_v4_request`;
const headers = new Map([
  ['x-oss-head1', 'value'],
  ['abc', 'value'],
  ['zabc', 'value'],
  ['xyz', 'value'],
  ['content-type', 'application/octet-stream'],
]);
const parameters: readonly QueryParameter[] = [
  ['param1', 'value1'],
  ['+param1', 'value3'],
  ['|param1', 'value4'],
  ['+param2', ''],
  ['|param2', ''],
  ['param2', ''],
];

function requestWith(query: Readonly<Record<string, string | undefined>>) {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const request = { method: 'PUT', bucket: 'bucket', key: '1234+-/123/1.txt', headers };
  return { ...request, query: [...parameters, ...given], hostId: '', expectsContinue: false };
}

/**
 * Cases from both official version 2 SDKs.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/signer/signer_test.go
 * @see https://github.com/aliyun/alibabacloud-oss-python-sdk-v2/blob/master/tests/unit/signer/test_v4.py
 */
const vectors = [
  {
    scenario: 'an object',
    date: '20231217T025437Z',
    extra: {},
    signature: 'a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe',
  },
  {
    scenario: 'a token',
    date: '20231217T035628Z',
    extra: { 'x-oss-security-token': 'token' },
    signature: '3817ac9d206cd6dfc90f1c09c00be45005602e55898f26f5ddb06d7892e1f8b5',
  },
  {
    scenario: 'additional headers',
    date: '20231217T033009Z',
    extra: { 'x-oss-additional-headers': 'abc;zabc' },
    signature: '6bd984bfe531afb6db1f7550983a741b103a8c58e5e14f83ea474c2322dfa2b7',
  },
];

const valid: Readonly<Record<string, string>> = {
  'x-oss-signature-version': 'OSS4-HMAC-SHA256',
  'x-oss-date': '20231217T025437Z',
  'x-oss-expires': '599',
  'x-oss-credential': `ak/${scope}`,
  'x-oss-signature': 'a39966c61718be0d5b14e668088b3fa07601033f6518ac7b523100014269c0fe',
};

describe('readQueryV4()', () => {
  test.each(vectors)('agrees with the SDKs on $scenario', ({ date, extra, signature }) => {
    const query = { ...valid, 'x-oss-date': date, ...extra, 'x-oss-signature': signature };

    const claim = readQueryV4(requestWith(query), region);

    expect(claim?.accessKeyId).toBe('ak');
    expect(claim?.signature).toBe(signature);
    expect(claim?.expect('sk').signature).toBe(signature);
    expect(claim?.expect('sk').canonicalRequest).not.toContain(signature);
  });

  test('is valid from 15 minutes before it was signed until it expires', () => {
    const claim = readQueryV4(requestWith(valid), region);

    expect(() => claim?.assertTimely(new Date('2023-12-17T02:39:37Z'))).not.toThrow();
    expect(() => claim?.assertTimely(new Date('2023-12-17T03:04:36Z'))).not.toThrow();
    expect(() => claim?.assertTimely(new Date('2023-12-17T02:39:36Z'))).toThrow(
      expect.objectContaining({
        status: 403,
        code: 'AccessDenied',
        details: { ec: '0002-00000235' },
      }),
    );
    expect(() => claim?.assertTimely(new Date('2023-12-17T03:04:37Z'))).toThrow(
      expect.objectContaining({
        status: 403,
        code: 'AccessDenied',
        message: 'Request has expired.',
        details: {
          ec: '0002-00000236',
          extras: { Expires: '2023-12-17T03:04:36.000Z', ServerTime: '2023-12-17T03:04:37.000Z' },
        },
      }),
    );
  });

  test.each(['1', '604800'])('accepts a lifetime of %s seconds', (lifetime) => {
    const claim = readQueryV4(requestWith({ ...valid, 'x-oss-expires': lifetime }), region);

    expect(() => claim?.assertTimely(new Date('2023-12-17T02:54:38Z'))).not.toThrow();
  });

  test.each([
    { name: 'x-oss-signature-version', value: 'OSS2', ec: '0002-00000066' },
    { name: 'x-oss-expires', value: undefined, ec: '0002-00000215' },
    { name: 'x-oss-expires', value: '', ec: '0002-00000216' },
    { name: 'x-oss-expires', value: '0', ec: '0002-00000232' },
    { name: 'x-oss-expires', value: '604801', ec: '0002-00000232' },
    { name: 'x-oss-expires', value: '1.5', ec: '0002-00000232' },
    { name: 'x-oss-expires', value: 'abc', ec: '0002-00000232' },
    { name: 'x-oss-credential', value: undefined, ec: '0002-00000217' },
    { name: 'x-oss-credential', value: '', ec: '0002-00000218' },
    { name: 'x-oss-credential', value: 'ak/20231217', ec: '0002-00000224' },
    { name: 'x-oss-credential', value: `ak/${scope}/more`, ec: '0002-00000224' },
    {
      name: 'x-oss-credential',
      value: `ak/2023-12-17/${region}/oss/aliyun_v4_request`,
      ec: '0002-00000223',
    },
    {
      name: 'x-oss-credential',
      value: 'ak/20231217/cn-beijing/oss/aliyun_v4_request',
      ec: '0002-00000226',
      extras: { extras: { Region: region } },
    },
    {
      name: 'x-oss-credential',
      value: `ak/20231217/${region}/s3/aliyun_v4_request`,
      ec: '0002-00000227',
    },
    { name: 'x-oss-date', value: '20231218T025437Z', ec: '0002-00000223' },
    { name: 'x-oss-date', value: undefined, ec: undefined },
    { name: 'x-oss-date', value: 'Sun, 17 Dec 2023 02:54:37 GMT', ec: undefined },
    { name: 'x-oss-signature', value: undefined, ec: undefined },
    { name: 'x-oss-signature', value: '', ec: undefined },
  ])('refuses $name=$value', ({ name, value, ec, extras }) => {
    const read = () => readQueryV4(requestWith({ ...valid, [name]: value }), region);

    const details = { ...(ec === undefined ? {} : { ec }), ...extras };
    expect(read).toThrow(
      expect.objectContaining({ status: 400, code: 'InvalidArgument', details }),
    );
  });

  test('returns undefined for a query without these parameters', () => {
    expect(readQueryV4(requestWith({ Signature: 's' }), region)).toBeUndefined();
  });
});
