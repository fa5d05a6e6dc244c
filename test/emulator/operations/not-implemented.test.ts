import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, send } from '../signed-request.js';

const subresources = [
  'publicAccessBlock',
  'resourceGroup',
  'policy',
  'wormId',
  'httpsConfig',
  'cname',
];

describe('what is not emulated is refused, and not taken for something plainer:', () => {
  test.each(
    subresources.flatMap((name) => ['GET', 'PUT', 'DELETE'].map((method) => ({ method, name }))),
  )('$method of a bucket with ?$name', async ({ method, name }) => {
    await using emulator = await startEmulator();

    const headers = { 'content-length': '0' };
    const response = await send(emulator, { method, query: { [name]: '' }, headers });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('NotImplemented');
    expect(await send(emulator, { query: { bucketInfo: '' } })).toMatchObject({ status: 200 });
  });

  test.each([
    ['a copy', 'x-oss-copy-source', '/examplebucket/k'],
    ['a callback', 'x-oss-callback', 'e30='],
  ])('%s', async (_, name, value) => {
    await using emulator = await startEmulator();
    await append(emulator, 'k', 0, 'content');

    const headers = { 'content-length': '0', [name]: value };
    const response = await send(emulator, { method: 'PUT', key: 'k', headers });

    expect(element(response, 'Code')).toBe('NotImplemented');
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('content');
  });
});
