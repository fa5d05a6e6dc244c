import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { percentEncode } from '../../../src/oss/request/percent-encode.js';
import {
  authorize,
  canonicalRequest,
  canonicalResource,
  deriveSigningKey,
  sign,
  signedHeaders,
  stringToSign,
} from '../../../src/oss/signing/signature-v4.js';

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

test('all test vectors are present, and none of them is a presigned URL', () => {
  expect(vectors).toHaveLength(7);
  expect(vectors.filter(({ presign }) => presign)).toEqual([]);
});

describe.each(vectors)('signature V4 of $name', (vector) => {
  const scope = { dateTime: vector.datetime, region: vector.region, product: vector.product };
  const request = {
    ...vector,
    resource: canonicalResource(vector.bucket, vector.key),
    query: canonicalQuery(vector.query),
    headers: signedHeaders(
      {
        ...vector.headers,
        'x-oss-date': vector.datetime,
        'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
        ...(vector.securityToken && { 'x-oss-security-token': vector.securityToken }),
      },
      vector.additionalHeaders,
    ),
  };
  const signingKey = deriveSigningKey(vector.accessKeySecret, scope);

  test('canonicalRequest() returns the canonical request of the vector', () => {
    expect(canonicalRequest(request)).toBe(vector.expectedCanonicalRequest);
  });

  test('stringToSign() returns the string of the vector', () => {
    expect(stringToSign(canonicalRequest(request), scope)).toBe(vector.expectedStringToSign);
  });

  test('deriveSigningKey() returns the key of the vector', () => {
    expect(signingKey.toString('hex')).toBe(vector.expectedSigningKeyHex);
  });

  test('sign() returns the signature of the vector', () => {
    expect(sign(signingKey, vector.expectedStringToSign)).toBe(vector.expectedSignature);
  });

  test('authorize() returns the header of the vector', () => {
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
      query: 'append&position=1048576',
      headers: signedHeaders({
        'content-type': 'application/octet-stream',
        'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-oss-date': scope.dateTime,
      }),
    },
    scope,
    { accessKeyId: 'ak', signingKey: deriveSigningKey('sk', scope) },
  );
  expect(authorization).toContain(
    'Signature=81b6af9571c66258541e5488acfba825d2102ea537180af6e63081dd4dc6c1a4',
  );
});

/** Encodes and sorts a query as in the vectors; our own requests have it in this form already. */
function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&');
}
