import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memfs } from 'memfs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadCrc64 } from '../../../src/crc64.js';
import { type FileSystem, startEmulator } from '../../../src/emulator/index.js';
import { ObjectStore } from '../../../src/emulator/objects/object-store.js';
import { contentOf } from '../../../src/emulator/storage/content.js';
import { append, send } from '../signed-request.js';

const crc64 = await loadCrc64();
const attributes = { headers: {}, storageClass: 'Standard', acl: 'default', tags: [] };
/** The UTF-8 bytes of `été` as Node decodes headers: one character per byte. */
const utf8InHeader = Buffer.from('été').toString('latin1');
const stamp = { etag: '"E"', lastModified: 0 };

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'emulator-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The names of the folders in `examplebucket`. */
async function objectFolders(dir: string): Promise<string[]> {
  const names = await readdir(join(dir, 'examplebucket'));
  return names.filter((name) => !name.startsWith('bucket.json'));
}

/** The folder of the only object in `examplebucket`. */
async function objectFolder(dir: string): Promise<string> {
  const [name = ''] = await objectFolders(dir);
  return join(dir, 'examplebucket', name);
}

async function dataFile(dir: string, index = 0): Promise<string> {
  const folder = await objectFolder(dir);
  const names = (await readdir(folder)).filter((name) => name !== 'object.json').sort();
  return join(folder, names[index] ?? '');
}

async function openStore(): Promise<ObjectStore> {
  const store = await ObjectStore.open(memfs().fs, '/store');
  await store.createBucket('b-1');
  return store;
}

function appendTo(store: ObjectStore, key: string, bytes: Uint8Array) {
  const content = contentOf([bytes], crc64);
  return store.exclusively('b-1', key, (object) => object.append(content, stamp, attributes));
}

describe('startEmulator() with a folder', () => {
  test('has all buckets and objects after a restart', async () => {
    const dir = await temporaryFolder();
    const bytes = Buffer.from(Array.from({ length: 5_000_000 }, (_, index) => index % 251));
    {
      await using emulator = await startEmulator({ dir });
      await emulator.createBucket('another');
      await append(emulator, '../été', 0, bytes, { headers: { 'x-oss-meta-a': utf8InHeader } });
      await append(emulator, 'b', 0, 'x', { bucket: 'another' });
    }
    await using emulator = await startEmulator({ dir, buckets: [] });

    expect((await emulator.read('examplebucket', '../été')).equals(bytes)).toBe(true);
    expect(String(await emulator.read('another', 'b'))).toBe('x');
    const head = await send(emulator, { method: 'HEAD', key: '../été' });
    expect(head.headers['x-oss-meta-a']).toBe(utf8InHeader);
    const response = await append(emulator, '../été', bytes.byteLength, 'more');
    expect(response.headers['x-oss-hash-crc64ecma']).toBe(
      String(crc64(Buffer.concat([bytes, Buffer.from('more')]))),
    );
  });

  test('has written all confirmed bytes to disk even if it is not closed', async () => {
    const dir = await temporaryFolder();
    await using running = await startEmulator({ dir });
    await append(running, 'a', 0, 'abcd');
    const copy = join(await temporaryFolder(), 'as-it-is-now');
    await cp(dir, copy, { recursive: true });
    await rm(join(copy, 'emulator.pid'));

    await using emulator = await startEmulator({ dir: copy });

    expect(String(await emulator.read('examplebucket', 'a'))).toBe('abcd');
  });

  test('truncates bytes that a crash left after those in the record', async () => {
    const dir = await temporaryFolder();
    {
      await using emulator = await startEmulator({ dir });
      await append(emulator, 'a', 0, 'abcd');
    }
    const data = await dataFile(dir);
    await appendFile(data, 'half an append');
    await writeFile(data.replace(/0$/, '1'), 'its next segment');
    await writeFile(join(await objectFolder(dir), 'object.json.new'), '{"half a rec');

    await using emulator = await startEmulator({ dir });
    expect((await stat(data)).size).toBe(4);
    await append(emulator, 'a', 4, 'efgh');

    expect(String(await emulator.read('examplebucket', 'a'))).toBe('abcdefgh');
    expect((await readdir(await objectFolder(dir))).sort()).toHaveLength(2);
  });

  test('removes the bytes of an object that a crash left without a record', async () => {
    const dir = await temporaryFolder();
    {
      await using emulator = await startEmulator({ dir });
      await append(emulator, 'a', 0, 'abcd');
    }
    await rm(join(await objectFolder(dir), 'object.json'));

    await using emulator = await startEmulator({ dir });

    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('there is no such object');
    expect(await objectFolders(dir)).toEqual([]);
  });

  test('refuses to open an object that has lost bytes', async () => {
    const dir = await temporaryFolder();
    {
      await using emulator = await startEmulator({ dir });
      await append(emulator, 'a', 0, 'abcd');
    }
    await truncate(await dataFile(dir), 3);

    await expect(startEmulator({ dir })).rejects.toThrow('it holds 3 bytes and should hold 4');
  });

  test('does not touch foreign files', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'README'), 'mine');
    await writeFile(join(dir, 'bucket-like'), 'mine');
    {
      await using emulator = await startEmulator({ dir });
      await append(emulator, 'a', 0, 'abcd');
    }
    await writeFile(join(dir, 'examplebucket', 'notes'), 'mine');

    await using emulator = await startEmulator({ dir });

    expect(String(await emulator.read('examplebucket', 'a'))).toBe('abcd');
    const expected = ['README', 'bucket-like', 'emulator.pid', 'examplebucket'];
    expect((await readdir(dir)).sort()).toEqual(expected);
    expect(await readdir(join(dir, 'examplebucket'))).toContain('notes');
  });

  test('leaves no files of an object that was deleted or replaced', async () => {
    const dir = await temporaryFolder();
    await using emulator = await startEmulator({ dir });
    await append(emulator, 'a', 0, Buffer.alloc(9_000_000));
    const headers = { 'content-length': '1' };
    await send(emulator, { method: 'PUT', key: 'a', headers, body: 'x' });

    expect(await readdir(await objectFolder(dir))).toHaveLength(2);
    await send(emulator, { method: 'DELETE', key: 'a' });
    expect(await objectFolders(dir)).toEqual([]);
  });
});

describe('a bucket in a folder', () => {
  test('keeps its date, ACL and storage class after a restart', async () => {
    const { fs } = memfs();
    const record = { createdAt: 86_400_000, acl: 'public-read', storageClass: 'IA' };
    const before = await ObjectStore.open(fs, '/store');
    await before.createBucket('b-1', record);

    const store = await ObjectStore.open(fs, '/store');
    await store.createBucket('b-1');

    expect(store.buckets).toEqual(['b-1']);
    expect(store.findBucket('b-1')).toEqual(record);
  });

  test('stays deleted, and its folder is removed unless it has foreign files', async () => {
    const dir = await temporaryFolder();
    {
      await using emulator = await startEmulator({ dir, buckets: ['one-1', 'two-2'] });
      await writeFile(join(dir, 'two-2', 'notes'), 'mine');
      await append(emulator, 'a', 0, 'x', { bucket: 'one-1' });
      await send(emulator, { method: 'DELETE', bucket: 'one-1', key: 'a' });
      await send(emulator, { method: 'DELETE', bucket: 'one-1' });
      await send(emulator, { method: 'DELETE', bucket: 'two-2' });
    }
    expect(await readdir(dir)).toEqual(['two-2']);
    expect(await readdir(join(dir, 'two-2'))).toEqual(['notes']);

    await using emulator = await startEmulator({ dir, buckets: [] });

    expect((await append(emulator, 'a', 0, 'x', { bucket: 'two-2' })).status).toBe(404);
    await emulator.createBucket('two-2');
    expect((await append(emulator, 'a', 0, 'x', { bucket: 'two-2' })).status).toBe(200);
    expect(await readdir(join(dir, 'two-2'))).toContain('notes');
  });

  test('does not exist if a crash prevented its record', async () => {
    const dir = await temporaryFolder();
    await mkdir(join(dir, 'half-made'));
    await writeFile(join(dir, 'half-made', 'bucket.json.new'), '{"createdAt":1');

    await using emulator = await startEmulator({ dir });

    expect((await append(emulator, 'a', 0, 'x', { bucket: 'half-made' })).status).toBe(404);
    await emulator.createBucket('half-made');
    expect((await append(emulator, 'a', 0, 'x', { bucket: 'half-made' })).status).toBe(200);
  });
});

describe('startEmulator() with a file system', () => {
  test('stores objects in it', async () => {
    const { fs, vol } = memfs();
    {
      await using emulator = await startEmulator({ fs, dir: '/data' });
      await append(emulator, 'a', 0, 'abcd');
    }
    expect(Object.keys(vol.toJSON()).every((path) => path.startsWith('/data/'))).toBe(true);

    await using emulator = await startEmulator({ fs, dir: '/data' });

    expect(String(await emulator.read('examplebucket', 'a'))).toBe('abcd');
  });

  test('answers InternalError if a write fails, and continues from the previous state', async () => {
    const { fs } = memfs();
    const failing: FileSystem = {
      promises: {
        mkdir: (path, options) => fs.promises.mkdir(path, options),
        readdir: (path) => fs.promises.readdir(path),
        readFile: (path) => fs.promises.readFile(path),
        writeFile: (path, data) => fs.promises.writeFile(path, data),
        rename: vi.fn((from: string, to: string) => fs.promises.rename(from, to)),
        rm: (path, options) => fs.promises.rm(path, options),
        open: (path, flags) => fs.promises.open(path, flags),
      },
    };
    await using emulator = await startEmulator({ fs: failing });
    await append(emulator, 'a', 0, 'abcd');
    vi.mocked(failing.promises.rename).mockRejectedValueOnce(new Error('ENOSPC'));

    const failed = await append(emulator, 'a', 4, 'lost bytes');
    const again = await append(emulator, 'a', 4, 'ef');

    expect(failed.status).toBe(500);
    expect(again.status).toBe(200);
    expect(String(await emulator.read('examplebucket', 'a'))).toBe('abcdef');
  });
});

describe('ObjectStore', () => {
  test('continues to read an object that is deleted and recreated meanwhile', async () => {
    const store = await openStore();
    const old = Buffer.alloc(5_000_000, 'old');
    await appendTo(store, 'a', old);
    const read = store.read('b-1', 'a', { start: 0, end: old.byteLength });
    const pieces: Buffer[] = [];

    for await (const piece of read) {
      if (pieces.length === 0) {
        await store.exclusively('b-1', 'a', (object) => object.delete());
        await appendTo(store, 'a', Buffer.alloc(5_000_000, 'new'));
      }
      pieces.push(piece);
    }

    expect(Buffer.concat(pieces).equals(old)).toBe(true);
  });

  test('runs tasks for one object one by one, and those for others concurrently', async () => {
    const store = await openStore();
    const order: string[] = [];
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = store.exclusively('b-1', 'a', () => gate.then(() => order.push('first')));
    const second = store.exclusively('b-1', 'a', async () => order.push('second'));
    await store.exclusively('b-1', 'b', async () => order.push('other'));
    open();
    await Promise.all([first, second]);

    expect(order).toEqual(['other', 'first', 'second']);
  });

  test('runs the next task after one that failed', async () => {
    const store = await openStore();
    const failing = store.exclusively('b-1', 'a', () => Promise.reject(new Error('no')));
    const next = store.exclusively('b-1', 'a', async () => 'yes');

    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  test('does not delete a bucket in which an object is being created', async () => {
    const store = await openStore();

    const creating = appendTo(store, 'a', Buffer.from('x'));
    const deleting = store.deleteBucket('b-1');

    expect(await deleting).toBe(false);
    expect((await creating).length).toBe(1);
  });

  test('does not create an object in a bucket that is being deleted', async () => {
    const store = await openStore();
    const deleting = store.deleteBucket('b-1');
    await Promise.resolve();
    const late = deleting.then(() => appendTo(store, 'a', Buffer.from('x')));

    expect(await deleting).toBe(true);
    await expect(late).rejects.toThrow('The specified bucket does not exist.');
    expect(store.buckets).toEqual([]);
  });

  test('lists keys by their UTF-8 bytes after objects are created and deleted', async () => {
    const store = await openStore();
    for (const key of ['\ufffd', '😀', 'b', 'a', 'é']) {
      await appendTo(store, key, Buffer.from('x'));
    }
    expect(store.keys('b-1')).toEqual(['a', 'b', 'é', '\ufffd', '😀']);

    await store.exclusively('b-1', 'b', (object) => object.delete());
    await appendTo(store, 'c', Buffer.from('x'));

    expect(store.keys('b-1')).toEqual(['a', 'c', 'é', '\ufffd', '😀']);
  });

  test('joins appends of any length across segments', async () => {
    const store = await openStore();
    const segment = 4 * 2 ** 20;
    const lengths = [segment - 1, 1, 1, segment, 2 * segment + 3, 0, 5];
    const parts = lengths.map((length, index) => Buffer.alloc(length, index + 1));
    for (const part of parts) await appendTo(store, 'a', part);
    const whole = Buffer.concat(parts);

    const pieces: Buffer[] = [];
    for await (const piece of store.read('b-1', 'a', { start: 0, end: whole.byteLength })) {
      pieces.push(piece);
    }

    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    expect(store.find('b-1', 'a')?.crc64).toBe(crc64(whole));
  });

  test('appends to a long object as cheaply as to a short one', { timeout: 60_000 }, async () => {
    const store = await openStore();
    const bytes = Buffer.alloc(4096, 7);
    const appendMany = async (count: number) => {
      const startedAt = performance.now();
      for (let index = 0; index < count; index++) await appendTo(store, 'a', bytes);
      return (performance.now() - startedAt) / count;
    };
    await appendMany(500); // Warm up the compiler.

    const early = Math.min(await appendMany(500), await appendMany(500));
    await appendMany(8000);
    const late = Math.min(await appendMany(500), await appendMany(500));

    // Copying 40 MB per append would cost hundreds of times as much.
    expect(late).toBeLessThan(early * 4 + 0.2);
  });
});
