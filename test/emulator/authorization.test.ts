import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { element, type RequestOptions, send } from './signed-request.js';

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
    scenario: 'another key than the signed one',
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
    scenario: 'an authorization of no known kind',
    options: { isSigned: false, headers: { authorization: 'Basic YTpi' } },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000061',
  },
  {
    scenario: 'an authorization cut short',
    options: { isSigned: false, headers: { authorization: 'OSS4-HMAC-SHA256 Credential=a/b' } },
    status: 400,
    code: 'InvalidArgument',
    ec: '0002-00000202',
  },
  {
    scenario: 'a date that is none',
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
    { scenario: 'a token nobody asked for', options: { headers: { 'x-oss-security-token': 't' } } },
  ])('lets $scenario pass', async ({ options }) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a.log', ...options });

    expect(element(response, 'Code')).toBe('NoSuchKey');
  });

  test('tells the time to a client whose clock is wrong', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a.log', signedAt: new Date(0) });

    expect(element(response, 'RequestTime')).toBe('1970-01-01T00:00:00.000Z');
    expect(element(response, 'MaxAllowedSkewMilliseconds')).toBe('900000');
    const serverTime = new Date(element(response, 'ServerTime') ?? '').getTime();
    expect(Math.abs(serverTime - Date.now())).toBeLessThan(minute);
    expect(Math.abs(Date.parse(response.headers.date ?? '') - Date.now())).toBeLessThan(minute);
  });

  test('shows what it has signed when the signature differs', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { key: 'a.log', credentials: mistaken });

    expect(element(response, 'SignatureProvided')).toMatch(/^[0-9a-f]{64}$/);
    expect(element(response, 'StringToSign')).toContain('OSS4-HMAC-SHA256\n');
    expect(element(response, 'CanonicalRequest')).toContain('GET\n/examplebucket/a.log\n');
  });

  test('comes before any look at bucket and key', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { bucket: 'nowhere', credentials: mistaken });

    expect(element(response, 'Code')).toBe('SignatureDoesNotMatch');
  });

  test.each([
    { scenario: 'null', credentials: null },
    { scenario: 'an empty object', credentials: {} },
  ])('checks nothing when credentials are $scenario', async ({ credentials }) => {
    await using emulator = await startEmulator({ credentials });

    expect((await send(emulator, { key: 'a', isSigned: false })).status).toBe(404);
    expect((await send(emulator, { key: 'a', credentials: mistaken })).status).toBe(404);
  });

  test('demands the security token it was given', async () => {
    const credentials = { accessKeyId: 'sts', accessKeySecret: 'secret', securityToken: 'token' };
    await using emulator = await startEmulator({ credentials });

    const without = await send(emulator, { key: 'a' });
    const wrong = await send(emulator, { key: 'a', headers: { 'x-oss-security-token': 'other' } });
    const right = await send(emulator, { key: 'a', headers: { 'x-oss-security-token': 'token' } });

    expect(element(without, 'Code')).toBe('InvalidSecurityToken');
    expect(element(wrong, 'Code')).toBe('InvalidSecurityToken');
    expect(element(right, 'Code')).toBe('NoSuchKey');
  });

  test('takes the region with or without the prefix of older SDKs', async () => {
    await using emulator = await startEmulator({ region: 'oss-cn-beijing' });

    expect(emulator.region).toBe('cn-beijing');
    expect((await send(emulator, { key: 'a' })).status).toBe(404);
  });
});
