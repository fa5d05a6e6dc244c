import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { startEmulator } from '../../src/emulator/index.js';
import { createFolder } from '../helpers/folder.js';
import { connect, waysByName } from './ali-oss-client.js';

const crc64 = await loadCrc64();
const bucket = 'examplebucket';
const content = Buffer.from('aaaaaaaaaabbbbbbbbbb');

describe.each(waysByName)('ali-oss, $name', (way) => {
  test('put() stores a Buffer and returns its MD5', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const meta = { uid: 1, pid: '123', slus: 'test.html' };

    const { res } = await client.put('/a.js', content, { meta, headers: { Expires: 1000000 } });
    const head = await client.head('a.js');

    expect(res.status).toBe(200);
    expect(res.headers).toMatchObject({
      etag: '"59B6589FC51C22F38CC267331DD7011B"',
      'x-oss-hash-crc64ecma': String(crc64(content)),
    });
    expect(head.meta).toEqual({ uid: '1', pid: '123', slus: 'test.html' });
    expect(head.res.headers).toMatchObject({
      etag: res.headers.etag,
      'content-type': 'application/javascript',
      'content-length': '20',
      expires: '1000000',
      'x-oss-object-type': 'Normal',
      'x-oss-storage-class': 'Standard',
    });
    expect(head.res.headers).not.toHaveProperty('x-oss-next-append-position');
  });

  test('put() stores a file with the content type of its extension', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const file = join(await createFolder(), 'source.jpg');
    await writeFile(file, content);

    await client.put('a.png', file);

    expect((await emulator.read(bucket, 'a.png')).equals(content)).toBe(true);
    expect((await client.head('a.png')).res.headers['content-type']).toBe('image/jpeg');
  });

  test('putStream() stores a stream of known and of unknown length', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);

    await client.putStream('a', Readable.from(['ab', 'cd']));
    await client.putStream('b', Readable.from(['ab', 'cd']), { contentLength: 4 });

    expect(String(await emulator.read(bucket, 'a'))).toBe('abcd');
    expect(String(await emulator.read(bucket, 'b'))).toBe('abcd');
    expect((await client.head('a')).res.headers['content-type']).toBe('application/octet-stream');
  });

  test('put() does not replace an object if overwriting is forbidden', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.put('a', content);

    const headers = { 'x-oss-forbid-overwrite': 'true' };
    await expect(client.put('a', Buffer.from('x'), { headers })).rejects.toMatchObject({
      name: 'FileAlreadyExistsError',
      status: 409,
    });
    await client.put('b', Buffer.from('x'), { headers });

    expect((await emulator.read(bucket, 'a')).equals(content)).toBe(true);
  });

  test('put() replaces an appendable object by a Normal one', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', Buffer.from('appended'), { meta: { a: 1 } });

    await client.put('a', content);
    const { meta, res } = await client.head('a');

    expect(res.headers['x-oss-object-type']).toBe('Normal');
    expect(meta).toBeNull();
    expect((await emulator.read(bucket, 'a')).equals(content)).toBe(true);
  });

  test('delete() succeeds for an existing and for a missing object', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', content);

    const answers = [await client.delete('a'), await client.delete('a')];

    expect(answers.map(({ res }) => res.status)).toEqual([204, 204]);
    await expect(client.head('a')).rejects.toMatchObject({ name: 'NoSuchKeyError' });
  });

  test('deleteMulti() deletes objects and returns all keys, or nothing if quiet', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    for (const key of ['a', 'b', 'c&<>']) await client.append(key, content);

    const told = await client.deleteMulti(['a', 'c&<>', 'missing']);
    const quiet = await client.deleteMulti(['b'], { quiet: true });

    expect(told.deleted.map(({ Key }) => Key)).toEqual(['a', 'c&<>', 'missing']);
    expect(quiet.deleted).toEqual([]);
    expect((await client.listV2({})).keyCount).toBe(0);
  });
});
