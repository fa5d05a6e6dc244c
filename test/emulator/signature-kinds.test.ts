import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { type SignatureKind, signedBy } from './signature-kinds.js';
import { element, pathOf, type RequestOptions, send } from './signed-request.js';

const kinds: readonly SignatureKind[] = [
  'version 1 in the header',
  'version 1 in the query',
  'version 4 in the header',
  'version 4 in the query',
];
const styles = [
  { style: 'path style', host: {} },
  {
    style: 'virtual-host style',
    host: { host: 'examplebucket.oss-cn-hangzhou.aliyuncs.com' },
  },
];
const everyKindAndStyle = kinds.flatMap((kind) => styles.map((style) => ({ kind, ...style })));

const upload: RequestOptions = {
  method: 'POST',
  key: 'logs/a b+c é.log',
  query: { append: '', position: '0' },
  headers: { 'content-type': 'text/plain', 'x-oss-meta-author': 'alice', 'content-length': '4' },
  body: 'abcd',
};

describe.each(everyKindAndStyle)('a request signed with $kind, $style', ({ kind, host }) => {
  test('is accepted', async () => {
    await using emulator = await startEmulator();

    const response = await send(emulator, signedBy(kind, emulator, { ...upload, ...host }));

    expect(response.status).toBe(200);
    expect(String(await emulator.read('examplebucket', 'logs/a b+c é.log'))).toBe('abcd');
  });

  test('is accepted with an equals sign after a name without a value', async () => {
    await using emulator = await startEmulator();
    const signed = signedBy(kind, emulator, { ...upload, ...host });
    const path = pathOf(signed).replace(/([?&]append)(&|$)/, '$1=$2');

    expect(path).toContain('append=&');
    expect((await send(emulator, { ...signed, path })).status).toBe(200);
  });

  test('is accepted for the bucket', async () => {
    await using emulator = await startEmulator({ buckets: [] });

    const signed = signedBy(kind, emulator, { method: 'PUT', ...host });

    expect((await send(emulator, signed)).status).toBe(200);
  });
});

interface Change {
  readonly part: string;
  readonly change: (signed: RequestOptions) => Partial<RequestOptions>;
}

/** Changes made after signing. */
const changes: readonly Change[] = [
  { part: 'the verb', change: () => ({ method: 'PUT' }) },
  { part: 'the bucket', change: () => ({ bucket: 'otherbucket' }) },
  { part: 'the key', change: () => ({ key: 'logs/other.log' }) },
  {
    part: 'a subresource',
    change: ({ query }) => ({ query: { ...query, position: '4' } }),
  },
  {
    part: 'the number of subresources',
    change: ({ query }) => ({ query: { ...query, 'response-expires': 'never' } }),
  },
  {
    part: 'the content type',
    change: ({ headers }) => ({ headers: { ...headers, 'content-type': 'text/html' } }),
  },
  {
    part: 'the MD5',
    change: ({ headers }) => ({
      headers: { ...headers, 'content-md5': '4vxxTEcn7pOV8yTNLn8zHw==' },
    }),
  },
  {
    part: 'a header of OSS',
    change: ({ headers }) => ({ headers: { ...headers, 'x-oss-meta-author': 'mallory' } }),
  },
  {
    part: 'the number of headers of OSS',
    change: ({ headers }) => ({ headers: { ...headers, 'x-oss-object-acl': 'public-read' } }),
  },
];

describe.each(kinds)('a signature of %s covers', (kind) => {
  test.each(changes)('$part', async ({ change }) => {
    await using emulator = await startEmulator({ buckets: ['examplebucket', 'otherbucket'] });
    const signed = signedBy(kind, emulator, upload);

    const response = await send(emulator, { ...signed, ...change(signed) });

    expect(response.status).toBe(403);
    expect(element(response, 'Code')).toBe('SignatureDoesNotMatch');
    expect(response.headers['x-oss-ec']).toBe('0002-00000040');
  });
});

const later = new Date(Date.now() + 60_000);

test.each([
  { kind: 'version 1 in the header', where: 'headers', name: 'date', value: later.toUTCString() },
  { kind: 'version 1 in the query', where: 'query', name: 'Expires', value: '9999999999' },
  {
    kind: 'version 4 in the header',
    where: 'headers',
    name: 'x-oss-date',
    value: later.toISOString().replace(/[-:]|\.\d+/g, ''),
  },
  { kind: 'version 4 in the query', where: 'query', name: 'x-oss-expires', value: '604800' },
] as const)('a signature of $kind covers $name', async ({ kind, where, name, value }) => {
  await using emulator = await startEmulator();
  const signed = signedBy(kind, emulator, upload);

  const response = await send(emulator, {
    ...signed,
    [where]: { ...signed[where], [name]: value },
  });

  expect(element(response, 'Code')).toBe('SignatureDoesNotMatch');
});

// Version 1 does not sign these: anything between client and server can change them.
describe('a query parameter that is not a subresource', () => {
  test.each([
    { kind: 'version 1 in the header', code: 'NoSuchKey' },
    { kind: 'version 1 in the query', code: 'NoSuchKey' },
    { kind: 'version 4 in the header', code: 'SignatureDoesNotMatch' },
    { kind: 'version 4 in the query', code: 'SignatureDoesNotMatch' },
  ] as const)(
    'is answered with $code if it is added to a request signed with $kind',
    async ({ kind, code }) => {
      await using emulator = await startEmulator();
      const signed = signedBy(kind, emulator, { key: 'a.log' });

      const response = await send(emulator, { ...signed, query: { ...signed.query, prefix: 'p' } });

      expect(element(response, 'Code')).toBe(code);
    },
  );
});

describe('a header that is not from OSS', () => {
  test.each(kinds)('can be added to a request signed with %s', async (kind) => {
    await using emulator = await startEmulator();
    const signed = signedBy(kind, emulator, { key: 'a.log' });

    const headers = { ...signed.headers, range: 'bytes=0-0' };

    expect(element(await send(emulator, { ...signed, headers }), 'Code')).toBe('NoSuchKey');
  });

  test.each(['version 4 in the header', 'version 4 in the query'] as const)(
    'is covered by %s if the signature names it',
    async (kind) => {
      await using emulator = await startEmulator();
      const named = { headers: { range: 'bytes=0-0', host: 'localhost' } };
      const additionalHeaders = ['range', 'host'];
      const signed = signedBy(kind, emulator, { key: 'a.log', ...named, additionalHeaders });

      expect(element(await send(emulator, signed), 'Code')).toBe('NoSuchKey');
      const changed = { ...signed, headers: { ...signed.headers, range: 'bytes=1-1' } };
      expect(element(await send(emulator, changed), 'Code')).toBe('SignatureDoesNotMatch');
    },
  );
});

describe.each(kinds)('a request signed with %s', (kind) => {
  test.each([
    { scenario: 'an unknown key id', accessKeyId: 'nobody', code: 'InvalidAccessKeyId' },
    { scenario: 'a wrong secret', accessKeySecret: 'wrong', code: 'SignatureDoesNotMatch' },
  ])('is refused with $scenario', async ({ code, scenario: _, ...other }) => {
    await using emulator = await startEmulator();
    const credentials = { ...emulator.credentials, ...other };

    const response = await send(emulator, signedBy(kind, emulator, { key: 'a', credentials }));

    expect(response.status).toBe(403);
    expect(element(response, 'Code')).toBe(code);
  });

  test('gets the string that should have been signed', async () => {
    await using emulator = await startEmulator();
    const credentials = { ...emulator.credentials, accessKeySecret: 'wrong' };

    const response = await send(emulator, signedBy(kind, emulator, { key: 'é', credentials }));

    expect(element(response, 'SignatureProvided')).toMatch(/^[0-9a-f]{64}$|^[A-Za-z0-9+/]{27}=$/);
    expect(element(response, 'StringToSign')).toMatch(/^GET\n\n\n.*\n\/examplebucket\/é$|^OSS4-/);
    expect(element(response, 'CanonicalRequest') !== undefined).toBe(kind.includes('version 4'));
  });

  test('must carry the security token of the emulator', async () => {
    const credentials = { accessKeyId: 'sts', accessKeySecret: 'secret', securityToken: 'to/k+n=' };
    await using emulator = await startEmulator({ credentials });
    const codeFor = async (securityToken?: string) => {
      const options = securityToken === undefined ? {} : { securityToken };
      const signed = signedBy(kind, emulator, { key: 'a', ...options });
      return element(await send(emulator, signed), 'Code');
    };

    expect(await codeFor()).toBe('InvalidSecurityToken');
    expect(await codeFor('other')).toBe('InvalidSecurityToken');
    expect(await codeFor('to/k+n=')).toBe('NoSuchKey');
  });
});

describe('a signature', () => {
  const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000);

  test.each([
    { kind: 'version 1 in the header', minutes: -14, code: 'NoSuchKey' },
    { kind: 'version 1 in the header', minutes: -16, code: 'RequestTimeTooSkewed' },
    { kind: 'version 1 in the header', minutes: 16, code: 'RequestTimeTooSkewed' },
    { kind: 'version 1 in the query', minutes: -59, code: 'NoSuchKey' },
    { kind: 'version 1 in the query', minutes: -61, code: 'AccessDenied' },
    { kind: 'version 1 in the query', minutes: 60, code: 'NoSuchKey' },
    { kind: 'version 4 in the query', minutes: -59, code: 'NoSuchKey' },
    { kind: 'version 4 in the query', minutes: -61, code: 'AccessDenied' },
    { kind: 'version 4 in the query', minutes: 14, code: 'NoSuchKey' },
    { kind: 'version 4 in the query', minutes: 16, code: 'AccessDenied' },
  ] as const)('of $kind made $minutes minutes from now is answered with $code', async (row) => {
    await using emulator = await startEmulator();
    const signedAt = minutesFromNow(row.minutes);

    const signed = signedBy(row.kind, emulator, { key: 'a', signedAt, lifetime: 3600 });

    expect(element(await send(emulator, signed), 'Code')).toBe(row.code);
  });
});
