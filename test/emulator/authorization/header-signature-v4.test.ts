import { describe, expect, test } from 'vitest';
import { readHeaderV4 } from '../../../src/emulator/authorization/header-signature-v4.js';
import { receivedHeaders, vectors } from '../signature-v4-vectors.js';

describe('readHeaderV4()', () => {
  const ours = vectors.filter(({ product }) => product === 'oss');

  test.each(ours)('reads the claim of $name and expects its signature', (vector) => {
    const claim = readHeaderV4(
      {
        method: vector.method,
        bucket: vector.bucket,
        key: vector.key,
        query: Object.entries(vector.query),
        headers: receivedHeaders(vector),
        hostId: '',
        expectsContinue: false,
      },
      vector.region,
    );

    expect(claim?.accessKeyId).toBe(vector.accessKeyId);
    expect(claim?.expect(vector.accessKeySecret).signature).toBe(claim?.signature);
  });

  // The official version 1 Go SDK sends no `x-oss-date` and signs `Date` unchanged:
  // https://github.com/aliyun/aliyun-oss-go-sdk/blob/master/oss/auth.go
  test('takes the time from Date if x-oss-date is absent', () => {
    const date = 'Wed, 28 Dec 2022 10:27:41 GMT';
    const headers = new Map([
      [
        'authorization',
        'OSS4-HMAC-SHA256 Credential=ak/20221228/cn-hangzhou/oss/aliyun_v4_request,Signature=0',
      ],
      ['x-oss-content-sha256', 'UNSIGNED-PAYLOAD'],
      ['date', date],
    ]);
    const request = { method: 'GET', bucket: 'b', key: 'k', query: [], headers };

    const claim = readHeaderV4({ ...request, hostId: '', expectsContinue: false }, 'cn-hangzhou');

    expect(claim?.expect('sk').stringToSign.split('\n')[1]).toBe(date);
    expect(() => claim?.assertTimely(new Date('2022-12-28T10:27:41Z'))).not.toThrow();
    expect(() => claim?.assertTimely(new Date('2022-12-28T10:43:41Z'))).toThrow();
  });

  test('returns undefined for other kinds of signatures', () => {
    const headers = new Map([['authorization', 'OSS ak:c2lnbmF0dXJl']]);
    const request = { method: 'GET', bucket: 'b', key: 'k', query: [], headers };

    expect(readHeaderV4({ ...request, hostId: '', expectsContinue: false }, 'cn')).toBeUndefined();
  });
});
