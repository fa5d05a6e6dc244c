import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readHeaderV4, signV4 } from '../../src/emulator/signature-v4.js';

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
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly datetime: string;
  readonly expectedCanonicalRequest: string;
  readonly expectedStringToSign: string;
  readonly expectedSignature: string;
  readonly expectedAuthorization: string;
}

const fixture = new URL('./signature-v4-vectors.json', import.meta.url);
const { vectors }: { vectors: readonly Vector[] } = JSON.parse(readFileSync(fixture, 'utf8'));

/** The headers as they arrive: with those the signer adds, named in lower case. */
function receivedHeaders(vector: Vector): Map<string, string> {
  const headers = new Map(
    Object.entries(vector.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  headers.set('x-oss-date', vector.datetime);
  headers.set('x-oss-content-sha256', 'UNSIGNED-PAYLOAD');
  if (vector.securityToken) headers.set('x-oss-security-token', vector.securityToken);
  return headers.set('authorization', vector.expectedAuthorization);
}

describe('signV4()', () => {
  test.each(vectors)('agrees with $name', (vector) => {
    const additional = /AdditionalHeaders=([^,]*)/.exec(vector.expectedAuthorization)?.[1] ?? '';

    const signed = signV4(
      {
        method: vector.method,
        bucket: vector.bucket,
        key: vector.key,
        query: Object.entries(vector.query),
        headers: receivedHeaders(vector),
        additionalHeaders: additional.split(';').filter(Boolean),
        timestamp: vector.datetime,
        payload: 'UNSIGNED-PAYLOAD',
        scope: {
          date: vector.datetime.slice(0, 8),
          region: vector.region,
          product: vector.product,
        },
      },
      vector.accessKeySecret,
    );

    expect(signed.canonicalRequest).toBe(vector.expectedCanonicalRequest);
    expect(signed.stringToSign).toBe(vector.expectedStringToSign);
    expect(signed.signature).toBe(vector.expectedSignature);
  });

  test('agrees with the append of oss-protocol.md', () => {
    const { signature } = signV4(
      {
        method: 'POST',
        bucket: 'examplebucket',
        key: 'logs/app 1+2.log',
        query: [
          ['position', '1048576'],
          ['append', ''],
        ],
        headers: new Map([
          ['content-type', 'application/octet-stream'],
          ['x-oss-content-sha256', 'UNSIGNED-PAYLOAD'],
          ['x-oss-date', '20240102T030405Z'],
        ]),
        additionalHeaders: [],
        timestamp: '20240102T030405Z',
        payload: 'UNSIGNED-PAYLOAD',
        scope: { date: '20240102', region: 'cn-hangzhou', product: 'oss' },
      },
      'sk',
    );

    expect(signature).toBe('81b6af9571c66258541e5488acfba825d2102ea537180af6e63081dd4dc6c1a4');
  });

  test.each([
    { scenario: 'the service', bucket: undefined, key: undefined, uri: '/' },
    { scenario: 'a bucket', bucket: 'b', key: undefined, uri: '/b/' },
    { scenario: 'a key', bucket: 'b', key: "a b/!'()*~é", uri: '/b/a%20b/%21%27%28%29%2A~%C3%A9' },
  ])('canonicalizes the address of $scenario', ({ bucket, key, uri }) => {
    const { canonicalRequest } = signV4(
      {
        ...{ method: 'GET', bucket, key, query: [], headers: new Map(), additionalHeaders: [] },
        ...{ timestamp: '', payload: '', scope: { date: '', region: '', product: '' } },
      },
      'sk',
    );

    expect(canonicalRequest.split('\n')[1]).toBe(uri);
  });
});

describe('readHeaderV4()', () => {
  const ours = vectors.filter(({ product }) => product === 'oss');

  test.each(ours)('reads the claim of $name and expects its signature', (vector) => {
    const claim = readHeaderV4(
      {
        ...{ method: vector.method, bucket: vector.bucket, key: vector.key },
        query: Object.entries(vector.query),
        headers: receivedHeaders(vector),
        hostId: '',
        expectsContinue: false,
      },
      vector.region,
    );

    expect(claim?.accessKeyId).toBe(vector.accessKeyId);
    expect(claim?.signedAt.toISOString().replace(/[-:]|\.000/g, '')).toBe(vector.datetime);
    expect(claim?.expect(vector.accessKeySecret).signature).toBe(claim?.signature);
  });

  test('leaves other kinds of signature alone', () => {
    const headers = new Map([['authorization', 'OSS ak:c2lnbmF0dXJl']]);
    const request = { method: 'GET', bucket: 'b', key: 'k', query: [], headers };

    expect(readHeaderV4({ ...request, hostId: '', expectsContinue: false }, 'cn')).toBeUndefined();
  });
});
