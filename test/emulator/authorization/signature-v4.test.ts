import { describe, expect, test } from 'vitest';
import { signV4 } from '../../../src/emulator/authorization/signature-v4.js';
import { receivedHeaders, vectors } from '../signature-v4-vectors.js';

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
        method: 'GET',
        bucket,
        key,
        query: [],
        headers: new Map(),
        additionalHeaders: [],
        timestamp: '',
        payload: '',
        scope: { date: '', region: '', product: '' },
      },
      'sk',
    );

    expect(canonicalRequest.split('\n')[1]).toBe(uri);
  });
});
