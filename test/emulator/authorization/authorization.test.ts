import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { signedBy } from '../signature-kinds.js';
import { element, type RequestOptions, send, signedHeaders } from '../signed-request.js';

const minute = 60_000;
const fromNow = (delay: number) => new Date(Date.now() + delay);
const unknown = { accessKeyId: 'nobody', accessKeySecret: 'emulator' };
const mistaken = { accessKeyId: 'emulator', accessKeySecret: 'wrong' };

interface Refusal {
  readonly scenario: string;
  readonly options: RequestOptions;
  readonly status: number;
  readonly code: string;
  readonly ec?: string;
}

const refusals: readonly Refusal[] = [
  {
    scenario: 'no signature',
    options: { isSigned: false },
    status: 403,
    code: 'AccessDenied',
    ec: '0003-00000001',
  },
  {
    scenario: 'an unknown access key id',
    options: { credentials: unknown },
    status: 403,
    code: 'InvalidAccessKeyId',
    ec: '0002-00000902',
  },
  {
    scenario: 'a wrong secret',
    options: { credentials: mistaken },
    status: 403,
    code: 'SignatureDoesNotMatch',
    ec: '0002-00000040',
  },
  {
    scenario: 'a key other than the signed one',
    options: { key: 'a.log', path: '/examplebucket/b.log' },
    status: 403,
    code: 'SignatureDoesNotMatch',
    ec: '0002-00000040',
  },
  {
    scenario: 'a time 16 minutes ago',
    options: { signedAt: fromNow(-16 * minute) },
    status: 403,
    code: 'RequestTimeTooSkewed',
    ec: '0002-00000504',
  },
  {
    scenario: 'a time in 16 minutes',
    options: { signedAt: fromNow(16 * minute) },
    status: 403,
    code: 'RequestTimeTooSkewed',
    ec: '0002-00000504',
  },
  {
    scenario: 'another region',
    options: { region: 'cn-beijing' },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000226',
  },
  {
    scenario: 'a signed payload',
    options: { headers: { 'x-oss-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb924' } },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000214',
  },
  {
    scenario: 'an unknown scheme of authorization',
    options: { isSigned: false, headers: { authorization: 'Basic YTpi' } },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000061',
  },
  {
    scenario: 'a truncated authorization',
    options: { isSigned: false, headers: { authorization: 'OSS4-HMAC-SHA256 Credential=a/b' } },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000202',
  },
  {
    scenario: 'an invalid date',
    options: {
      isSigned: false,
      headers: {
        authorization:
          'OSS4-HMAC-SHA256 Credential=emulator/x/cn-hangzhou/oss/aliyun_v4_request,Signature=0',
        'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-oss-date': 'xT',
      },
    },
    status: 403,
    code: 'AccessDenied',
    ec: '0002-00000503',
  },
  {
    scenario: 'a signature in the header and one of version 1 in the query',
    options: { query: { Expires: '1141889120' } },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000039',
  },
  {
    scenario: 'a signature in the header and one of version 4 in the query',
    options: { query: { 'x-oss-signature-version': 'OSS4-HMAC-SHA256' } },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000039',
  },
];

describe('authorize()', () => {
  test.each(refusals)('refuses $scenario', async ({ options, status, code, ec }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a.log', ...options });

    expect(response.status).toBe(status);
    expect(element(response, 'Code')).toBe(code);
    expect(response.headers['x-oss-ec']).toBe(ec);
    expect(element(response, 'EC')).toBe(ec);
  });

  test.each([
    { scenario: 'a time 14 minutes ago', options: { signedAt: fromNow(-14 * minute) } },
    { scenario: 'a time in 14 minutes', options: { signedAt: fromNow(14 * minute) } },
    {
      scenario: 'additional headers',
      options: { headers: { range: 'bytes=0-' }, additionalHeaders: ['range'] },
    },
    { scenario: 'odd query parameters', options: { query: { '+a b': 'c/d +', '|x': '', a: '1' } } },
    { scenario: 'an unnecessary token', options: { headers: { 'x-oss-security-token': 't' } } },
  ])('accepts $scenario', async ({ options }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a.log', ...options });

    expect(element(response, 'Code')).toBe('NoSuchKey');
  });

  test('sends its time to a client whose clock is wrong', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a.log', signedAt: new Date(0) });

    expect(element(response, 'RequestTime')).toBe('1970-01-01T00:00:00.000Z');
    expect(element(response, 'MaxAllowedSkewMilliseconds')).toBe('900000');
    const serverTime = new Date(element(response, 'ServerTime') ?? '').getTime();
    expect(Math.abs(serverTime - Date.now())).toBeLessThan(minute);
    expect(Math.abs(Date.parse(response.headers.date ?? '') - Date.now())).toBeLessThan(minute);
  });

  test('returns the string that it signed if the signature differs', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a.log', credentials: mistaken });

    expect(element(response, 'SignatureProvided')).toMatch(/^[0-9a-f]{64}$/);
    expect(element(response, 'StringToSign')).toContain('OSS4-HMAC-SHA256\n');
    expect(element(response, 'CanonicalRequest')).toContain('GET\n/examplebucket/a.log\n');
  });

  test('checks the signature before the key', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'nowhere', credentials: mistaken });

    expect(element(response, 'Code')).toBe('SignatureDoesNotMatch');
  });

  // The live tests of the SDKs for Go, Python and PHP send an invented key id.
  test('checks the bucket before the signature', async () => {
    await using emulator = await startEmulator();
    const stranger = { accessKeyId: 'invented', accessKeySecret: 'invented' };
    const codeOf = async (options: RequestOptions) =>
      element(await send(emulator, options), 'Code');

    expect(await codeOf({ bucket: 'nowhere', credentials: stranger })).toBe('NoSuchBucket');
    expect(await codeOf({ bucket: 'nowhere', isSigned: false })).toBe('NoSuchBucket');
    expect(await codeOf({ credentials: stranger })).toBe('InvalidAccessKeyId');
    const creation = { method: 'PUT', headers: { 'content-length': '0' }, credentials: stranger };
    expect(await codeOf({ bucket: 'nowhere', ...creation })).toBe('InvalidAccessKeyId');
  });

  describe('is not needed', () => {
    const publicBucket = { method: 'PUT', bucket: 'open', body: '' };

    test.each([
      { scenario: 'a public bucket', bucket: 'public-read', object: undefined, status: 200 },
      {
        scenario: 'a bucket that is public for writing',
        bucket: 'public-read-write',
        object: undefined,
        status: 200,
      },
      { scenario: 'a public object', bucket: 'private', object: 'public-read', status: 200 },
      {
        scenario: 'a private object in a public bucket',
        bucket: 'public-read',
        object: 'private',
        status: 403,
      },
      { scenario: 'a private bucket', bucket: 'private', object: undefined, status: 403 },
    ])(
      'to read from $scenario, if the answer is $status',
      async ({ bucket: acl, object, status }) => {
        await using emulator = await startEmulator();
        await send(emulator, { ...publicBucket, headers: { 'x-oss-acl': acl } });
        const headers = object === undefined ? {} : { 'x-oss-object-acl': object };
        await send(emulator, { method: 'PUT', bucket: 'open', key: 'a', body: 'x', headers });

        for (const method of ['GET', 'HEAD']) {
          const request = { method, bucket: 'open', key: 'a', isSigned: false };
          expect(await send(emulator, request)).toMatchObject({ status });
        }
      },
    );

    test('to get NoSuchKey from a public bucket, but to write there', async () => {
      await using emulator = await startEmulator();
      await send(emulator, { ...publicBucket, headers: { 'x-oss-acl': 'public-read' } });
      const anonymous = { bucket: 'open', key: 'a', isSigned: false };

      expect(element(await send(emulator, anonymous), 'Code')).toBe('NoSuchKey');
      const written = await send(emulator, { ...anonymous, method: 'PUT', body: 'x' });
      expect(element(written, 'Code')).toBe('AccessDenied');
      expect(element(await send(emulator, { bucket: 'open', isSigned: false }), 'Code')).toBe(
        'AccessDenied',
      );
    });
  });

  test.each([
    { scenario: 'null', credentials: null },
    { scenario: 'an empty object', credentials: {} },
  ])('accepts every request if credentials are $scenario', async ({ credentials }) => {
    await using emulator = await startEmulator({ credentials });

    expect((await send(emulator, { key: 'a', isSigned: false })).status).toBe(404);
    expect((await send(emulator, { key: 'a', credentials: mistaken })).status).toBe(404);
  });

  test('requires the security token of its credentials', async () => {
    const credentials = { accessKeyId: 'sts', accessKeySecret: 'secret', securityToken: 'token' };
    await using emulator = await startEmulator({ credentials });

    const without = await send(emulator, { key: 'a' });
    const wrong = await send(emulator, { key: 'a', headers: { 'x-oss-security-token': 'other' } });
    const right = await send(emulator, { key: 'a', headers: { 'x-oss-security-token': 'token' } });

    expect(element(without, 'Code')).toBe('InvalidSecurityToken');
    expect(element(wrong, 'Code')).toBe('InvalidSecurityToken');
    expect(element(right, 'Code')).toBe('NoSuchKey');
  });

  test('accepts a region with or without the prefix of older SDKs', async () => {
    await using emulator = await startEmulator({ region: 'oss-cn-beijing' });

    expect(emulator.region).toBe('cn-beijing');
    expect((await send(emulator, { key: 'a' })).status).toBe(404);
  });
});

// https://help.aliyun.com/en/oss/user-guide/0002-00000209, -00000210, -00000211; in URLs -00000076
// and -00000077.
describe('additional headers of a signature', () => {
  const wrong = [
    { list: '', header: '0002-00000209', url: '0002-00000076' },
    { list: 'host;', header: '0002-00000210', url: '0002-00000077' },
    { list: ';host', header: '0002-00000210', url: '0002-00000077' },
    { list: 'host;x_y', header: '0002-00000210', url: '0002-00000077' },
    { list: 'host;range', header: '0002-00000211', url: undefined },
  ];

  test.each(wrong)(
    'must name headers of the request: "$list" in the header is refused',
    async ({ list, header }) => {
      await using emulator = await startEmulator();
      const { authorization = '', ...headers } = signedHeaders(emulator, { key: 'a' });
      const [credential, signature] = authorization.split(',');
      const named = `${credential},AdditionalHeaders=${list},${signature}`;

      const refused = await send(emulator, {
        key: 'a',
        isSigned: false,
        headers: { ...headers, authorization: named },
      });

      expect(refused.status).toBe(400);
      expect(element(refused, 'Code')).toBe('InvalidArgument');
      expect(element(refused, 'EC')).toBe(header);
    },
  );

  test.each(wrong)(
    'must name headers of the request: "$list" in a URL is refused',
    async ({ list, url }) => {
      await using emulator = await startEmulator();
      const { query } = signedBy('version 4 in the query', emulator, { key: 'a' });

      const refused = await send(emulator, {
        key: 'a',
        isSigned: false,
        query: { ...query, 'x-oss-additional-headers': list },
      });

      expect(refused.status).toBe(400);
      expect(element(refused, 'Code')).toBe('InvalidArgument');
      if (url !== undefined) expect(element(refused, 'EC')).toBe(url);
    },
  );

  test('are accepted in any order', async () => {
    await using emulator = await startEmulator();
    const headers = { host: 'localhost', range: 'bytes=0-1' };

    const additionalHeaders = ['range', 'host'];
    const found = await send(emulator, { key: 'a', headers, additionalHeaders });
    expect(element(found, 'Code')).toBe('NoSuchKey');
  });
});
