import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { connect, ways } from './ali-oss-client.js';

const crc64 = await loadCrc64();
const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251));

function read(emulator: Emulator, key = 'a.log'): Promise<Buffer> {
  return emulator.read('examplebucket', key);
}

async function createFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'emulator-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'source.txt');
  await writeFile(file, bytes);
  return file;
}

describe.each(ways)('append() of ali-oss, $name', (way) => {
  test('creates an object from a Buffer', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    const { name, nextAppendPosition, res } = await client.append('/a.log', Buffer.from('foo'));

    expect({ name, nextAppendPosition }).toEqual({ name: 'a.log', nextAppendPosition: '3' });
    expect(res.status).toBe(200);
    expect(res.headers['x-oss-hash-crc64ecma']).toBe(String(crc64(Buffer.from('foo'))));
    expect(String(await read(emulator))).toBe('foo');
    expect(emulator.requests).toEqual([
      {
        operation: 'append',
        bucket: 'examplebucket',
        key: 'a.log',
        position: 0,
        byteLength: 3,
        status: 200,
      },
    ]);
  });

  test('appends at the given position, a string or a number', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    const { nextAppendPosition: position } = await client.append('a.log', Buffer.from('foo'));
    await client.append('a.log', Buffer.from('bar'), { position });
    const last = await client.append('a.log', Buffer.from('baz'), { position: 6 });

    expect(last.nextAppendPosition).toBe('9');
    expect(last.res.headers['x-oss-hash-crc64ecma']).toBe(String(crc64(Buffer.from('foobarbaz'))));
    expect(String(await read(emulator))).toBe('foobarbaz');
  });

  test('sends a file with a Content-Length', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const file = await createFile();

    const { nextAppendPosition: position } = await client.append('a.log', file);
    const last = await client.append('a.log', file, { position });

    const whole = Buffer.concat([bytes, bytes]);
    expect(last.nextAppendPosition).toBe('600000');
    expect(last.res.headers['x-oss-hash-crc64ecma']).toBe(String(crc64(whole)));
    expect((await read(emulator)).equals(whole)).toBe(true);
    expect((await client.head('a.log')).res.headers['content-type']).toBe('text/plain');
  });

  test('sends a stream as a chunked body', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const file = await createFile();

    const { nextAppendPosition: position } = await client.append('a.log', createReadStream(file));
    const last = await client.append('a.log', Readable.from(['x', 'yz']), { position });

    const whole = Buffer.concat([bytes, Buffer.from('xyz')]);
    expect(last.nextAppendPosition).toBe('300003');
    expect((await read(emulator)).equals(whole)).toBe(true);
  });

  test('creates an empty object, and appends nothing to one', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    const empty = await client.append('a.log', Buffer.alloc(0));
    await client.append('a.log', Buffer.from('foo'));
    const { nextAppendPosition } = await client.append('a.log', Buffer.alloc(0), { position: '3' });

    expect(empty.nextAppendPosition).toBe('0');
    expect(empty.res.headers['x-oss-hash-crc64ecma']).toBe('0');
    expect(nextAppendPosition).toBe('3');
  });

  test('sets headers and metadata when it creates an object', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const headers = {
      'Content-Type': 'text/plain; charset=gbk',
      'Cache-Control': 'no-cache',
      'Content-Disposition': encodeURIComponent('non-ascii-名字.js'),
      'x-oss-storage-class': 'IA',
    };
    const meta = { uid: 1, slus: 'test.html' };

    await client.append('a.log', Buffer.from('foo'), { headers, meta });
    const mime = 'text/html';
    await client.append('a.log', Buffer.from('bar'), { position: '3', mime, meta: { uid: 2 } });
    const head = await client.head('a.log');

    expect(head.meta).toEqual({ uid: '1', slus: 'test.html' });
    expect(head.res.headers).toMatchObject({
      'content-type': 'text/plain; charset=gbk',
      'cache-control': 'no-cache',
      'content-disposition': 'non-ascii-%E5%90%8D%E5%AD%97.js',
      'x-oss-storage-class': 'IA',
      'x-oss-object-type': 'Appendable',
      'x-oss-next-append-position': '6',
      'x-oss-hash-crc64ecma': String(crc64(Buffer.from('foobar'))),
    });
  });

  test('sends metadata beyond ASCII if an encoding is given', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way, { headerEncoding: 'latin1' });

    await client.append('a.log', Buffer.from('foo'), { meta: { city: '杭州' } });
    const { meta } = await client.head('a.log');

    expect(String(Buffer.from(meta?.city ?? '', 'latin1'))).toBe('杭州');
  });

  test.each([
    { scenario: 'the start', position: '0' },
    { scenario: 'a position after the end', position: '4' },
  ])('is refused at $scenario of an object of three bytes', async ({ position }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a.log', Buffer.from('foo'));

    await expect(client.append('a.log', Buffer.from('bar'), { position })).rejects.toMatchObject({
      name: 'PositionNotEqualToLengthError',
      message: 'Position is not equal to file length',
      code: 'PositionNotEqualToLength',
      status: 409,
      ecCode: '0026-00000016',
      requestId: expect.stringMatching(/^[0-9A-F]{24}$/),
      hostId: expect.any(String),
    });

    expect(String(await read(emulator))).toBe('foo');
  });

  test('is refused for an object created by put()', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.put('a.log', Buffer.from('foo'));

    await expect(
      client.append('a.log', Buffer.from('bar'), { position: '3' }),
    ).rejects.toMatchObject({ name: 'ObjectNotAppendableError', status: 409 });

    expect(String(await read(emulator))).toBe('foo');
  });

  test('creates a new object after the old one was deleted', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a.log', Buffer.from('foo'));
    await client.delete('a.log');

    await client.append('a.log', Buffer.from('bar'));

    expect(String(await read(emulator))).toBe('bar');
  });
});
