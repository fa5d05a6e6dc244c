import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { headText, openRawConnection } from '../raw-connection.js';
import { append, element, pathOf, send, signedHeaders } from '../signed-request.js';

const query = { objectMeta: '' };

describe('GetObjectMeta', () => {
  test('returns only length, ETag, time and checksum', async () => {
    await using emulator = await startEmulator();
    const headers = { 'x-oss-meta-a': '1', 'x-oss-tagging': 'a=1' };
    const appended = await append(emulator, 'a', 0, 'abcd', { headers });
    const head = await send(emulator, { method: 'HEAD', key: 'a' });

    const response = await send(emulator, { method: 'HEAD', key: 'a', query });

    expect(response.status).toBe(200);
    expect(response.headers).toMatchObject({
      'content-length': '4',
      etag: appended.headers.etag,
      'last-modified': head.headers['last-modified'],
      'x-oss-hash-crc64ecma': '4367691578187800762',
    });
    const names = Object.keys(response.headers).filter((name) => name.startsWith('x-oss-'));
    expect(names.sort()).toEqual(['x-oss-hash-crc64ecma', 'x-oss-request-id', 'x-oss-server-time']);
    expect(response.headers).not.toHaveProperty('content-type');
    expect(emulator.requests.at(-1)?.operation).toBe('object-meta');
  });

  test('answers GET with the same headers and no body, and closes the connection', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'abcd');
    await using connection = await openRawConnection(emulator);
    const options = { key: 'a', query, headers: { host: 'localhost' } };

    connection.write(headText('GET', pathOf(options), signedHeaders(emulator, options)));

    const answer = (await connection.untilClosed()).toLowerCase();
    expect(answer).toMatch(/^http\/1\.1 200 /);
    expect(answer).toContain('content-length: 4\r\n');
    expect(answer).toContain('connection: close\r\n');
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  test.each(['HEAD', 'GET'])('refuses %s of a missing key', async (method) => {
    await using emulator = await startEmulator();

    const response = await send(emulator, { method, key: 'a', query });

    expect(response.status).toBe(404);
    expect(element(response, 'Code')).toBe('NoSuchKey');
    expect(response.headers['x-oss-ec']).toBe('0026-00000001');
  });
});
