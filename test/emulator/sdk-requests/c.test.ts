import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append } from '../signed-request.js';
import { exchangeSigned, inChunks } from './sdk-forms.js';
import { signerV1 } from './sdk-signers.js';

const sign = signerV1();
const chunks = { Accept: '*/*', 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/plain' };

/** https://github.com/aliyun/aliyun-oss-c-sdk, at an IP address: libcurl sends chunks. */
describe('C', () => {
  test('appends in chunks with a Content-Length and an escaped slash after the bucket', async () => {
    await using emulator = await startEmulator();

    for (const [position, text] of [
      [0, 'first '],
      [6, 'second'],
    ] as const) {
      const answer = await exchangeSigned(emulator, sign, {
        method: 'POST',
        target: `/examplebucket%2Fdir%2Fkey?append&position=${position}`,
        resource: `/examplebucket/dir/key?append&position=${position}`,
        headers: { ...chunks, 'Content-Length': String(text.length) },
        body: inChunks(text),
      });
      expect(answer.status).toBe(200);
    }

    expect(String(await emulator.read('examplebucket', 'dir/key'))).toBe('first second');
  });

  test('puts an object the same way', async () => {
    await using emulator = await startEmulator();

    const answer = await exchangeSigned(emulator, sign, {
      method: 'PUT',
      target: '/examplebucket%2fkey',
      resource: '/examplebucket/key',
      headers: { ...chunks, 'Content-Length': '7' },
      body: inChunks('content'),
    });

    expect(answer.status).toBe(200);
    expect(String(await emulator.read('examplebucket', 'key'))).toBe('content');
  });

  test.each(['/examplebucket', '/examplebucket/'])(
    'lists a bucket, signed as %s',
    async (resource) => {
      await using emulator = await startEmulator();
      await append(emulator, 'a', 0, 'x');

      const target = '/examplebucket?prefix=&delimiter=&marker=&max-keys=100';
      const answer = await exchangeSigned(emulator, sign, {
        method: 'GET',
        target,
        resource,
        headers: {},
      });

      expect(answer.element('Key')).toBe('a');
    },
  );

  test('is refused for a signature without the sent slash, or of another bucket', async () => {
    await using emulator = await startEmulator({ buckets: ['examplebucket', 'other'] });
    const get = { method: 'GET', headers: {} };

    for (const [target, resource] of [
      ['/examplebucket/?prefix=', '/examplebucket'],
      ['/examplebucket?prefix=', '/other'],
      ['/examplebucket?prefix=', '/'],
    ] as const) {
      const answer = await exchangeSigned(emulator, sign, { ...get, target, resource });
      expect(answer.element('Code')).toBe('SignatureDoesNotMatch');
    }
  });
});
