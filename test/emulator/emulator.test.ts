import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { type EmulatorOptions, startEmulator } from '../../src/emulator/index.js';
import { openRawConnection } from './raw-connection.js';
import { append, element, send } from './signed-request.js';

describe('startEmulator()', () => {
  test('starts on loopback with the defaults', async () => {
    await using emulator = await startEmulator();

    expect(emulator.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(emulator.region).toBe('cn-hangzhou');
    expect(emulator.credentials).toEqual({
      accessKeyId: 'emulator',
      accessKeySecret: 'emulator',
    });
    expect((await append(emulator, 'a', 0, 'x')).status).toBe(200);
  });

  test('listens on the given host and port', async () => {
    await using first = await startEmulator({ host: 'localhost' });
    const port = Number(new URL(first.endpoint).port);
    expect(first.endpoint).toBe(`http://localhost:${port}`);

    await first.close();
    await using second = await startEmulator({ host: 'localhost', port });

    expect((await append(second, 'a', 0, 'x')).status).toBe(200);
  });

  test('rejects if the port is in use', async () => {
    await using emulator = await startEmulator();
    const port = Number(new URL(emulator.endpoint).port);

    await expect(startEmulator({ port })).rejects.toThrow('EADDRINUSE');
  });

  test('creates the given buckets and adds the given faults', async () => {
    await using emulator = await startEmulator({
      buckets: ['one', 'two'],
      faults: [{ kind: 'forbid', operation: 'put' }],
    });

    expect((await append(emulator, 'a', 0, 'x', { bucket: 'two' })).status).toBe(200);
    const missing = await append(emulator, 'a', 0, 'x', { bucket: 'examplebucket' });
    expect(missing.status).toBe(404);
    expect(element(missing, 'Code')).toBe('NoSuchBucket');
    expect(element(missing, 'BucketName')).toBe('examplebucket');
    const headers = { 'content-length': '0' };
    const put = await send(emulator, { method: 'PUT', bucket: 'one', key: 'a', headers });
    expect(put.status).toBe(403);
  });

  test('keeps two emulators independent', async () => {
    await using first = await startEmulator();
    await using second = await startEmulator();
    await append(first, 'a', 0, 'x');

    expect((await send(second, { method: 'HEAD', key: 'a' })).status).toBe(404);
  });

  test('fires random faults on the same requests for the same seed', async () => {
    const statuses = async (seed: number) => {
      await using emulator = await startEmulator({ seed });
      emulator.faults.add({ kind: 'forbid', probability: 0.5 });
      for (let index = 0; index < 24; index++) await send(emulator, { key: 'a' });
      return emulator.requests.map(({ status }) => status);
    };

    const first = await statuses(1);
    expect(await statuses(1)).toEqual(first);
    expect(await statuses(2)).not.toEqual(first);
  });

  test.each([
    {
      options: { host: 5 },
      type: TypeError,
      message: "'host' must be a non-empty string: current value is 5",
    },
    { options: { host: '' }, type: TypeError, message: "'host' must be a non-empty string" },
    {
      options: { port: '80' },
      type: TypeError,
      message: "'port' must be an integer: current value is 80",
    },
    {
      options: { port: 65_536 },
      type: RangeError,
      message: "'port' must be an integer from 0 to 65535: current value is 65536",
    },
    { options: { port: -1 }, type: RangeError, message: "'port' must be" },
    { options: { dir: 5 }, type: TypeError, message: "'dir' must be" },
    { options: { fs: {} }, type: TypeError, message: "'fs' must be" },
    { options: { region: 5 }, type: TypeError, message: "'region' must be" },
    { options: { buckets: 'a' }, type: TypeError, message: "'buckets' must be an array" },
    { options: { buckets: ['No'] }, type: RangeError, message: "'buckets' must be 3 to 63" },
    { options: { buckets: ['..'] }, type: RangeError, message: "'buckets' must be 3 to 63" },
    { options: { faults: [{ kind: 'x' }] }, type: TypeError, message: "'kind' must be one of" },
    { options: { seed: 0.5 }, type: RangeError, message: "'seed' must be an integer" },
    {
      options: { credentials: 'key' },
      type: TypeError,
      message: "'credentials' must be an object",
    },
    {
      options: { credentials: { accessKeyId: 'a' } },
      type: TypeError,
      message: "'credentials.accessKeySecret' must be a non-empty string",
    },
  ])('refuses $options', async ({ options, type, message }) => {
    const starting = startEmulator(options as EmulatorOptions);

    await expect(starting).rejects.toThrow(type);
    await expect(starting).rejects.toThrow(message);
  });
});

describe('Emulator.createBucket()', () => {
  test('creates a bucket, and does nothing if it exists', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a', 0, 'x');

    await emulator.createBucket('another');
    await emulator.createBucket('examplebucket');

    expect((await append(emulator, 'a', 0, 'x', { bucket: 'another' })).status).toBe(200);
    expect(String(await emulator.read('examplebucket', 'a'))).toBe('x');
  });

  test('rejects an invalid name', async () => {
    await using emulator = await startEmulator();

    await expect(emulator.createBucket('../x')).rejects.toThrow(RangeError);
  });
});

describe('Emulator.read()', () => {
  test('rejects if the object or the bucket does not exist', async () => {
    await using emulator = await startEmulator();

    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('Cannot read "a"');
    await expect(emulator.read('nowhere', 'a')).rejects.toThrow('Cannot find bucket "nowhere"');
  });
});

describe('Emulator.requests', () => {
  test('logs requests and the status of their answers', async () => {
    await using emulator = await startEmulator();
    await append(emulator, 'a/b', 0, 'abc');
    await append(emulator, 'a/b', 0, 'abc');
    await send(emulator, { method: 'HEAD', key: 'c' });
    await send(emulator, { key: 'a/b' });
    await send(emulator, { method: 'DELETE', key: 'a/b' });
    await send(emulator, { path: '/%' });

    const place = { bucket: 'examplebucket', key: 'a/b' };
    expect(emulator.requests).toEqual([
      { operation: 'append', ...place, position: 0, byteLength: 3, status: 200 },
      { operation: 'append', ...place, position: 0, byteLength: 3, status: 409 },
      { operation: 'head', bucket: 'examplebucket', key: 'c', byteLength: 0, status: 404 },
      { operation: 'get', ...place, byteLength: 0, status: 200 },
      { operation: 'delete', ...place, byteLength: 0, status: 204 },
      { operation: 'unsupported', byteLength: 0, status: 400 },
    ]);
  });

  test('truncates names to 1024 characters', async () => {
    await using emulator = await startEmulator();
    await send(emulator, { key: 'k'.repeat(1024) });
    await send(emulator, { bucket: 'b'.repeat(10_000), key: '世'.repeat(400) });
    await send(emulator, { key: '世'.repeat(1600) });

    expect(emulator.requests).toMatchObject([
      { bucket: 'examplebucket', key: 'k'.repeat(1024), status: 400 },
      { bucket: 'b'.repeat(1024), key: '世'.repeat(400), status: 400 },
      { bucket: 'examplebucket', key: '世'.repeat(1024), status: 400 },
    ]);
  });
});

describe('Emulator.close()', () => {
  test('closes open connections and frees the port', async () => {
    const emulator = await startEmulator();
    await using connection = await openRawConnection(emulator);
    connection.write('POST /examplebucket/a?append&position=0 HTTP/1.1\r\n');

    await emulator.close();
    await connection.untilClosed();

    const server = createServer();
    const port = Number(new URL(emulator.endpoint).port);
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject).listen(port, '127.0.0.1', resolve);
    });
    await new Promise((resolve) => server.close(resolve));
  });

  test('can be called again', async () => {
    const emulator = await startEmulator();

    await Promise.all([emulator.close(), emulator.close(), emulator[Symbol.asyncDispose]()]);
  });
});
