import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append } from '../signed-request.js';
import { exchangeSigned, md5Of } from './sdk-forms.js';
import { signerV1 } from './sdk-signers.js';

const sign = signerV1();

/** https://github.com/aliyun/aliyun-oss-csharp-sdk: matches names of headers exactly. */
describe('C#', () => {
  test('lists the buckets at an IP address', async () => {
    await using emulator = await startEmulator();

    const answer = await exchangeSigned(emulator, sign, {
      method: 'GET',
      target: '///',
      resource: '/',
      headers: {},
    });

    expect(answer.element('Name')).toBe('examplebucket');
  });

  test('finds the headers of the answer to a deletion by their exact names', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');
    const body = '<Delete><Quiet>false</Quiet><Object><Key>a</Key></Object></Delete>';

    const answer = await exchangeSigned(emulator, sign, {
      method: 'POST',
      target: '/examplebucket/?delete',
      headers: {
        'Content-Type': 'application/xml',
        'Content-MD5': md5Of(body),
        'Content-Length': String(body.length),
      },
      body,
    });

    expect([...answer.headers.keys()]).toEqual(
      expect.arrayContaining(['Server', 'Date', 'Content-Type', 'Connection', 'x-oss-request-id']),
    );
    expect(answer.header('Content-Length')).toBe(String(Buffer.byteLength(answer.body)));
    expect(answer.body).toContain('<Deleted>');
  });

  test('finds the headers of an object, a range and a PUT by their exact names', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'content');
    const request = { target: '/examplebucket/a', key: 'a' };
    const get = (headers: Record<string, string> = {}) =>
      exchangeSigned(emulator, sign, { method: 'GET', ...request, headers });

    const whole = await get();
    expect(whole.header('ETag')).toMatch(/^"/);
    expect(whole.header('Last-Modified')).toMatch(/ GMT$/);
    expect(whole.header('x-oss-next-append-position')).toBe('7');
    expect((await get({ Range: 'bytes=1-2' })).header('Content-Range')).toBe('bytes 1-2/7');
    const put = { method: 'PUT', headers: { 'Content-Length': '0' } };
    expect(
      (await exchangeSigned(emulator, sign, { ...request, ...put })).header('Content-MD5'),
    ).toMatch(/^.{24}$/);
  });
});
