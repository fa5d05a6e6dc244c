import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { connect, temporary, waysByName, withToken } from './ali-oss-client.js';

/** Collects the names of all request headers until the test ends. */
function watchHeaders(): string[][] {
  const seen: string[][] = [];
  const watch = (message: unknown) => {
    seen.push((message as { request: ClientRequest }).request.getHeaderNames());
  };
  subscribe('http.client.request.start', watch);
  onTestFinished(() => {
    unsubscribe('http.client.request.start', watch);
  });
  return seen;
}

describe.each(waysByName)('ali-oss, $name', (way) => {
  test('is accepted with x-oss-date instead of Date', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const seen = watchHeaders();

    await client.append('a', Buffer.from('foo'));

    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain('x-oss-date');
    expect(seen[0]).toContain('content-md5');
    expect(seen[0]).not.toContain('date');
  });

  test('signs additional headers on request', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const options = { headers: { 'Cache-Control': 'no-cache' } };

    await client.append('a', Buffer.from('foo'), {
      ...options,
      additionalHeaders: ['Cache-Control'],
    });

    expect((await client.head('a')).res.headers['cache-control']).toBe('no-cache');
  });

  test.each([
    { scenario: 'a wrong secret', option: 'accessKeySecret', name: 'SignatureDoesNotMatchError' },
    { scenario: 'an unknown key id', option: 'accessKeyId', name: 'InvalidAccessKeyIdError' },
  ])('is refused with $scenario', async ({ option, name }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way, { [option]: 'wrong' });
    const refusal = { name, status: 403 };

    await expect(client.append('a', Buffer.from('foo'))).rejects.toMatchObject(refusal);
    await expect(client.get('a')).rejects.toMatchObject(refusal);
    await expect(client.listV2({})).rejects.toMatchObject(refusal);
    // The answer to a HEAD has the error document in a header.
    await expect(client.head('a')).rejects.toMatchObject(refusal);

    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('there is no such object');
  });

  test('is refused if its clock is off by more than 15 minutes', async () => {
    await using emulator = await startEmulator();
    const skewed = connect(emulator, way, { amendTimeSkewed: 16 * 60_000 });
    const nearly = connect(emulator, way, { amendTimeSkewed: -14 * 60_000 });

    await expect(skewed.append('a', Buffer.from('foo'))).rejects.toMatchObject({
      name: 'RequestTimeTooSkewedError',
      status: 403,
    });
    await nearly.append('a', Buffer.from('foo'));
  });

  test('is accepted with the token of temporary credentials', async () => {
    await using emulator = await startEmulator({ credentials: temporary });
    const client = connect(emulator, way, withToken());

    await client.append('a', Buffer.from('foo'));

    expect(String((await client.get('a')).content)).toBe('foo');
  });

  test.each([
    { scenario: 'another token', options: withToken('wrong') },
    { scenario: 'no token', options: {} },
  ])('is refused with $scenario', async ({ options }) => {
    await using emulator = await startEmulator({ credentials: temporary });

    await expect(connect(emulator, way, options).get('a')).rejects.toMatchObject({
      name: 'InvalidSecurityTokenError',
      status: 403,
    });
  });

  test('is refused if the bucket does not exist', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way, { bucket: 'nowhere' });
    const refusal = { name: 'NoSuchBucketError', status: 404, ecCode: '0015-00000101' };

    await expect(client.append('a', Buffer.from('foo'))).rejects.toMatchObject(refusal);
    await expect(client.get('a')).rejects.toMatchObject(refusal);
    await expect(client.listV2({})).rejects.toMatchObject(refusal);
    await expect(client.delete('a')).rejects.toMatchObject(refusal);
    await expect(client.head('a')).rejects.toMatchObject({ status: 404 });
  });

  test('is refused if Content-MD5 does not match the body', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const headers = { 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==' };

    for (const send of [client.append, client.put]) {
      await expect(send.call(client, 'a', Buffer.from('foo'), { headers })).rejects.toMatchObject({
        name: 'InvalidDigestError',
        status: 400,
      });
    }

    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('there is no such object');
  });
});
