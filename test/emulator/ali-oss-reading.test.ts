import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { startEmulator } from '../../src/emulator/index.js';
import { createFolder } from '../helpers/folder.js';
import { connect, waysByName } from './ali-oss-client.js';

const crc64 = await loadCrc64();
const content = Buffer.from('aaaaaaaaaabbbbbbbbbb');

const year = 365 * 24 * 60 * 60 * 1000;

function shifted(date = '', by = 0): string {
  return new Date(Date.parse(date) + by).toUTCString();
}

const rows = [
  { header: 'If-Modified-Since', scenario: 'a year earlier', by: -year, status: 200 },
  { header: 'If-Modified-Since', scenario: 'the same second', by: 0, status: 304 },
  { header: 'If-Modified-Since', scenario: 'a year later', by: year, status: 304 },
  { header: 'If-Unmodified-Since', scenario: 'a year earlier', by: -year, status: 412 },
  { header: 'If-Unmodified-Since', scenario: 'the same second', by: 0, status: 200 },
  { header: 'If-Unmodified-Since', scenario: 'a year later', by: year, status: 200 },
  { header: 'If-Match', scenario: 'its ETag', status: 200 },
  { header: 'If-Match', scenario: 'another ETag', etag: '"foo-etag"', status: 412 },
  { header: 'If-None-Match', scenario: 'its ETag', status: 304 },
  { header: 'If-None-Match', scenario: 'another ETag', etag: 'foo', status: 200 },
];

describe.each(waysByName)('ali-oss, $name', (way) => {
  test('get() reads an object to a Buffer, a file and a stream', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const folder = await createFolder();
    await client.append('a', content);

    const { content: received, res } = await client.get('a');
    await client.get('a', join(folder, 'file'));
    await client.get('a', createWriteStream(join(folder, 'stream')));

    expect(received.equals(content)).toBe(true);
    expect(res.headers['x-oss-next-append-position']).toBe('20');
    expect((await readFile(join(folder, 'file'))).equals(content)).toBe(true);
    expect((await readFile(join(folder, 'stream'))).equals(content)).toBe(true);
  });

  test('getStream() reads an object as a stream', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', content);

    const { stream, res } = await client.getStream('a');

    expect(res.status).toBe(200);
    expect(await text(stream.pipe(new PassThrough()))).toBe(String(content));
    await expect(client.getStream('b')).rejects.toMatchObject({ name: 'NoSuchKeyError' });
  });

  test.each([
    { range: 'bytes=0-9', received: 'aaaaaaaaaa', answer: 'bytes 0-9/20' },
    { range: 'bytes=18-', received: 'bb', answer: 'bytes 18-19/20' },
    { range: 'bytes=-3', received: 'bbb', answer: 'bytes 17-19/20' },
  ])('get() reads the range $range', async ({ range, received, answer }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', content);

    const { content: part, res } = await client.get('a', { headers: { Range: range } });

    expect(res.status).toBe(206);
    expect(String(part)).toBe(received);
    expect(res.headers['content-range']).toBe(answer);
    expect(res.headers['content-length']).toBe(String(received.length));
    expect(res.headers['x-oss-hash-crc64ecma']).toBe(String(crc64(content)));
  });

  test('get() and head() reject if the object does not exist', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const missing = {
      name: 'NoSuchKeyError',
      status: 404,
      requestId: expect.stringMatching(/^[0-9A-F]{24}$/),
    };

    await expect(client.get('a')).rejects.toMatchObject({
      ...missing,
      message: 'The specified key does not exist.',
    });
    await expect(client.head('a')).rejects.toMatchObject(missing);
    await expect(client.getObjectMeta('a')).rejects.toMatchObject(missing);
  });

  test('getObjectMeta() returns length and ETag, but no type', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    const { res } = await client.append('a', content);

    const { status, res: meta } = await client.getObjectMeta('a');

    expect(status).toBe(200);
    expect(meta.headers).toMatchObject({ etag: res.headers.etag, 'content-length': '20' });
    expect(meta.headers).not.toHaveProperty('x-oss-object-type');
    expect(meta.headers).not.toHaveProperty('x-oss-next-append-position');
  });

  test('getACL() and putACL() read and change the ACL of an object', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', content);

    const before = await client.getACL('a');
    await client.putACL('a', 'public-read');
    const after = await client.getACL('a');

    expect([before.acl, after.acl]).toEqual(['default', 'public-read']);
  });

  test('getObjectTagging() reads the tags set at creation', async () => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('none', content);
    await client.append('one', content, { headers: { 'x-oss-tagging': 'a=1' } });

    expect((await client.getObjectTagging('none')).tag).toEqual({});
    expect((await client.getObjectTagging('one')).tag).toEqual({ a: '1' });
    expect((await client.head('one')).res.headers['x-oss-tagging-count']).toBe('1');
  });

  test.each(rows)('head() and get() with $header: $scenario', async ({ header, ...row }) => {
    await using emulator = await startEmulator();
    const client = connect(emulator, way);
    await client.append('a', Buffer.from('foo'), { meta: { uid: 1 } });
    const { etag, 'last-modified': modified } = (await client.head('a')).res.headers;
    const value = row.by === undefined ? (row.etag ?? etag) : shifted(modified, row.by);
    const options = { headers: { [header]: value ?? '' } };

    const answers = await Promise.allSettled([client.head('a', options), client.get('a', options)]);

    if (row.status === 412) {
      for (const answer of answers) {
        expect(answer).toMatchObject({
          status: 'rejected',
          reason: { name: 'PreconditionFailedError', status: 412 },
        });
      }
      const condition = expect.stringContaining(`(condition: ${header})`);
      expect(answers[1]).toMatchObject({ reason: { message: condition } });
      return;
    }
    expect(answers).toMatchObject([
      { value: { status: row.status, meta: row.status === 200 ? { uid: '1' } : null } },
      { value: { res: { status: row.status } } },
    ]);
    const length = row.status === 200 ? 3 : 0;
    expect(answers[1]).toHaveProperty('value.content.byteLength', length);
  });
});
