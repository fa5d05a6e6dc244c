import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { append, element, send } from '../signed-request.js';

describe('GetObject', () => {
  test('overrides headers of the object by those in the query', async () => {
    await using emulator = await startEmulator();
    const headers = { 'content-type': 'text/plain', 'cache-control': 'no-cache' };
    await append(emulator, 'a', 0, 'abcd', { headers });
    const overrides = {
      'content-type': 'text/html; charset=utf-8',
      'content-language': 'zh-CN',
      expires: 'Fri, 24 Feb 2012 17:00:00 GMT',
      'cache-control': 'private',
      'content-disposition': 'attachment; filename="世界.log"',
      'content-encoding': 'utf-8',
    };
    const query = Object.fromEntries(
      Object.entries(overrides).map(([name, value]) => [`response-${name}`, value]),
    );

    const whole = await send(emulator, { key: 'a', query });
    const range = await send(emulator, { key: 'a', query, headers: { range: 'bytes=1-2' } });
    const plain = await send(emulator, { key: 'a', query: { 'response-content-type': '' } });

    for (const response of [whole, range]) {
      expect(response.headers).toMatchObject({
        ...overrides,
        'content-disposition': Buffer.from(overrides['content-disposition']).toString('latin1'),
      });
    }
    expect(String(range.body)).toBe('bc');
    expect(plain.headers).toMatchObject(headers);
  });

  test('refuses line breaks in overridden headers', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'abcd');
    const query = { 'response-content-type': 'text/plain\r\nx-oss-evil: 1' };

    const response = await send(emulator, { key: 'a', query });

    expect(response.status).toBe(400);
    expect(element(response, 'Code')).toBe('InvalidArgument');
    expect(response.headers).not.toHaveProperty('x-oss-evil');
  });

  test('does not override headers of HEAD', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'abcd');
    const query = { 'response-content-type': 'text/html' };

    const response = await send(emulator, { method: 'HEAD', key: 'a', query });

    expect(response.headers['content-type']).toBe('application/octet-stream');
  });
});

describe('x-oss-traffic-limit', () => {
  const name = 'x-oss-traffic-limit';

  test.each(['245760', '819200', '838860800'])('of %s is accepted', async (limit) => {
    await using emulator = await startEmulator();
    const headers = { [name]: limit };

    expect((await append(emulator, 'a', 0, 'x', { headers })).status).toBe(200);
    expect((await send(emulator, { key: 'a', headers })).status).toBe(200);
    expect((await send(emulator, { key: 'a', query: headers })).status).toBe(200);
  });

  test.each(['245759', '838860801', '0', '1e6', '-819200', '1MiB', ''])(
    'of "%s" is refused in headers and in the query',
    async (limit) => {
      await using emulator = await startEmulator();
      await append(emulator, 'a', 0, 'x');
      const headers = { [name]: limit };

      const responses = [
        await append(emulator, 'a', 1, 'x', { headers }),
        await send(emulator, { method: 'PUT', key: 'b', body: 'x', headers }),
        await send(emulator, { key: 'a', headers }),
        await send(emulator, { key: 'a', query: headers }),
      ];

      for (const response of responses) {
        expect(response.status).toBe(400);
        expect(element(response, 'ArgumentName')).toBe(name);
      }
    },
  );

  test('is refused if it is in both a header and the query', async () => {
    await using emulator = await startEmulator();
    const limit = { [name]: '819200' };

    const response = await append(emulator, 'a', 0, 'x', { headers: limit, query: limit });

    expect(response.status).toBe(400);
    expect(response.headers['x-oss-ec']).toBe('0004-00000501');
  });
});
