import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { headText, openRawConnection } from '../raw-connection.js';
import { append, element, pathOf, send, signedHeaders } from '../signed-request.js';

const deletion = { method: 'DELETE', bucket: 'examplebucket' };

describe('DeleteBucket', () => {
  test('deletes an empty bucket', async () => {
    await using emulator = await startEmulator();

    const first = await send(emulator, deletion);
    const second = await send(emulator, deletion);

    expect(first.status).toBe(204);
    expect(second.status).toBe(404);
    expect(element(second, 'Code')).toBe('NoSuchBucket');
    expect((await append(emulator, 'a', 0, 'x')).status).toBe(404);
  });

  test('refuses to delete a bucket with an object', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');

    const response = await send(emulator, deletion);

    expect(response.status).toBe(409);
    expect(element(response, 'Code')).toBe('BucketNotEmpty');
    expect(element(response, 'BucketName')).toBe('examplebucket');
    await send(emulator, { method: 'DELETE', key: 'a' });
    expect((await send(emulator, deletion)).status).toBe(204);
  });

  test('allows a new bucket of the same name, without the properties of the old one', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');
    await send(emulator, { method: 'DELETE', key: 'a' });
    await send(emulator, deletion);

    await emulator.createBucket('examplebucket');

    expect((await append(emulator, 'a', 0, 'x')).status).toBe(200);
  });

  test('makes an append in flight fail with NoSuchBucket', async () => {
    await using emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    const options = {
      method: 'POST',
      key: 'a',
      query: { append: '', position: '0' },
      headers: { host: 'localhost', 'content-length': '1', expect: '100-continue' },
    };
    connection.write(headText('POST', pathOf(options), signedHeaders(emulator, options)));
    await connection.until('100 Continue');

    const deleted = await send(emulator, deletion);
    connection.write('x');

    expect(deleted.status).toBe(204);
    expect(await connection.until('</Error>')).toMatch(/HTTP\/1\.1 404 [\s\S]*NoSuchBucket/);
  });
});
