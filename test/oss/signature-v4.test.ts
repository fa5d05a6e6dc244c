import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  authorize,
  canonicalQuery,
  canonicalRequest,
  canonicalResource,
  deriveSigningKey,
  sign,
  stringToSign,
} from '../../src/oss/signature-v4.js';

interface Vector {
  readonly name: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly region: string;
  readonly product: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly additionalHeaders: string[];
  readonly datetime: string;
  readonly presign?: boolean;
  readonly expectedCanonicalRequest: string;
  readonly expectedStringToSign: string;
  readonly expectedSigningKeyHex: string;
  readonly expectedSignature: string;
  readonly expectedAuthorization: string;
}

const { vectors } = JSON.parse(
  readFileSync(new URL('sigv4-vectors.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };

test('the vectors are all there, and none needs a presigned URL', () => {
  expect(vectors).toHaveLength(7);
  expect(vectors.filter(({ presign }) => presign)).toEqual([]);
});

describe.each(vectors)('signature V4 of $name', (vector) => {
  const scope = { dateTime: vector.datetime, region: vector.region, product: vector.product };
  const request = {
    ...vector,
    resource: canonicalResource(vector.bucket, vector.key),
    query: canonicalQuery(vector.query),
    headers: {
      ...vector.headers,
      'x-oss-date': vector.datetime,
      'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
      ...(vector.securityToken && { 'x-oss-security-token': vector.securityToken }),
    },
  };
  const signingKey = deriveSigningKey(vector.accessKeySecret, scope);

  test('canonicalRequest() spells the request as OSS does', () => {
    expect(canonicalRequest(request)).toBe(vector.expectedCanonicalRequest);
  });

  test('stringToSign() hashes it', () => {
    expect(stringToSign(canonicalRequest(request), scope)).toBe(vector.expectedStringToSign);
  });

  test('deriveSigningKey() derives the key', () => {
    expect(signingKey.toString('hex')).toBe(vector.expectedSigningKeyHex);
  });

  test('sign() gives the signature', () => {
    expect(sign(signingKey, vector.expectedStringToSign)).toBe(vector.expectedSignature);
  });

  test('authorize() puts the header together', () => {
    expect(authorize(request, scope, { accessKeyId: vector.accessKeyId, signingKey })).toBe(
      vector.expectedAuthorization,
    );
  });
});

test('authorize() signs an append to a key that needs encoding', () => {
  const scope = { dateTime: '20240102T030405Z', region: 'cn-hangzhou', product: 'oss' };
  const authorization = authorize(
    {
      method: 'POST',
      resource: canonicalResource('examplebucket', 'logs/app 1+2.log'),
      query: canonicalQuery({ append: '', position: '1048576' }),
      headers: {
        'content-type': 'application/octet-stream',
        'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-oss-date': scope.dateTime,
      },
    },
    scope,
    { accessKeyId: 'ak', signingKey: deriveSigningKey('sk', scope) },
  );
  expect(authorization).toContain(
    'Signature=81b6af9571c66258541e5488acfba825d2102ea537180af6e63081dd4dc6c1a4',
  );
});

describe('canonicalQuery()', () => {
  test.each([
    { scenario: 'no parameters', query: {}, expected: '' },
    {
      scenario: 'a flag without a value',
      query: { append: '', position: '0' },
      expected: 'append&position=0',
    },
    { scenario: 'code unit order', query: { a: '1', B: '2', _: '3' }, expected: 'B=2&_=3&a=1' },
    { scenario: 'order of encoded names', query: { a: '1', é: '2' }, expected: '%C3%A9=2&a=1' },
    { scenario: 'spaces and slashes', query: { p: 'a b/c+d' }, expected: 'p=a%20b%2Fc%2Bd' },
  ])('spells $scenario', ({ query, expected }) => {
    expect(canonicalQuery(query)).toBe(expected);
  });
});
