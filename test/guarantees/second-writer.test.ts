import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable, DivergedError, NotAppendableError, OssClient } from '../../src/index.js';
import { connectionTo, openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';

describe('another writer that appends as many bytes', () => {
  test('is detected after a lost request, and the stream writes nothing more', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'stranger-drop', nth: 2 });
    const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

    const error = await pipeline(['aaaa', 'bbbb', 'cccc'], stream).catch((reason) => reason);

    expect(error).toBeInstanceOf(DivergedError);
    expect(error).toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      key: 'a.log',
      position: 4,
      actualLength: 8,
      bytesWritten: 4,
      message:
        'Cannot append 4 bytes to "a.log" at position 4: the object is 8 bytes long and its CRC-64 is not ours',
    });
    const object = await emulator.read(bucket, 'a.log');
    expect(object).toHaveLength(8);
    expect(String(object)).not.toContain('b');
    expect(emulator.requests.filter(({ operation }) => operation === 'append')).toHaveLength(2);
    // Unconfirmed, because the attempt got no answer.
    expect(stream.takeUncommitted()).toEqual({
      key: 'a.log',
      position: 4,
      confirmed: false,
      doubtful: 4,
      bytes: Buffer.from('bbbbcccc'),
    });
    expect(stream.takeUncommitted()).toBeUndefined();
  });

  test('is detected by the first answer, and our chunk is confirmed as not stored', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'stranger', nth: 2 });
    const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

    await expect(pipeline(['aaaa', 'bbbb', 'cccc'], stream)).rejects.toBeInstanceOf(DivergedError);

    expect(await emulator.read(bucket, 'a.log')).toHaveLength(8);
    expect(stream.takeUncommitted()).toMatchObject({ position: 4, confirmed: true });
  });
});

test('the stream does not recreate an object that was deleted between two appends', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'delete', operation: 'append', nth: 2 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  await expect(pipeline(['aaaa', 'bbbb'], stream)).rejects.toMatchObject({
    code: 'APPEND_ERR_DIVERGED',
    position: 4,
    actualLength: 0,
  });

  await expect(emulator.read(bucket, 'a.log')).rejects.toThrow();
});

test('the stream refuses a Normal object and leaves it unchanged', async () => {
  await using emulator = await startEmulator({ credentials: {} });
  const url = `${emulator.endpoint}/examplebucket/a.log`;
  await fetch(url, { method: 'PUT', body: 'normal' });
  const credentials = { accessKeyId: 'any', accessKeySecret: 'any' };
  const stream = openStream(emulator, 'a.log', { credentials });

  const error = await pipeline(['aaaa'], stream).catch((reason) => reason);

  expect(error).toBeInstanceOf(NotAppendableError);
  expect(error).toMatchObject({ code: 'APPEND_ERR_NOT_APPENDABLE', objectType: 'Normal' });
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('normal');
});

test("flags: 'ax' refuses an object that exists", async () => {
  await using emulator = await startEmulator();
  await pipeline(['aaaa'], openStream(emulator, 'a.log', { flags: 'ax' }));

  await expect(
    pipeline(['bbbb'], openStream(emulator, 'a.log', { flags: 'ax' })),
  ).rejects.toMatchObject({ code: 'APPEND_ERR_EXISTS', key: 'a.log' });
});

test("flags: 'ax' creates nothing where HEAD is forbidden", async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'forbid', operation: 'head' });

  await expect(
    pipeline(['aaaa'], openStream(emulator, 'a.log', { flags: 'ax' })),
  ).rejects.toMatchObject({ code: 'APPEND_ERR_SERVICE', status: 403 });

  await expect(emulator.read(bucket, 'a.log')).rejects.toThrow();
});

test('position refuses an object of another length', async () => {
  await using emulator = await startEmulator();
  await pipeline(['aaaa'], openStream(emulator, 'a.log', { position: 0 }));
  await pipeline(['bbbb'], openStream(emulator, 'a.log', { position: 4 }));

  await expect(
    pipeline(['cccc'], openStream(emulator, 'a.log', { position: 4 })),
  ).rejects.toMatchObject({ code: 'APPEND_ERR_DIVERGED', position: 4, actualLength: 8 });
});

test('one of two streams on the same object fails, and each acknowledged byte is stored once', async () => {
  await using emulator = await startEmulator();
  const client = new OssClient(connectionTo(emulator));
  const options = { client, key: 'a.log', chunkSize: 4 };
  const [first, second] = [new AppendWritable(options), new AppendWritable(options)];
  const write = (stream: AppendWritable, letter: string) =>
    pipeline(
      Array.from({ length: 20 }, () => letter.repeat(4)),
      stream,
    );

  const results = await Promise.allSettled([write(first, 'a'), write(second, 'b')]);
  await client.close();

  const object = String(await emulator.read(bucket, 'a.log'));
  expect(results.map(({ status }) => status).sort()).not.toEqual(['fulfilled', 'fulfilled']);
  expect(object.split('a').length - 1).toBe(first.bytesWritten);
  expect(object.split('b').length - 1).toBe(second.bytesWritten);
});
