import * as nodeFs from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FileSystem, withFile } from '../../src/emulator/file-system.js';
import { openStorage } from '../../src/emulator/storage.js';

const nothing = { dir: undefined, fs: undefined };

function rejectWith(code: string) {
  return () => Promise.reject(Object.assign(new Error(code), { code }));
}

describe('openStorage()', () => {
  test('opens memory of its own every time', async () => {
    const [first, second] = [await openStorage(nothing), await openStorage(nothing)];

    expect(first.files).not.toBe(nodeFs);
    expect(first.files).not.toBe(second.files);
  });

  test('makes a temporary folder without memfs, and removes it in the end', async () => {
    const { files, root, dispose } = await openStorage(nothing, rejectWith('ERR_MODULE_NOT_FOUND'));
    expect(files).toBe(nodeFs);
    expect(root.startsWith(tmpdir())).toBe(true);
    await access(root);

    await dispose();

    await expect(access(root)).rejects.toThrow('ENOENT');
  });

  test('does not hide why memfs cannot be loaded', async () => {
    await expect(openStorage(nothing, rejectWith('ERR_SYNTAX'))).rejects.toThrow('ERR_SYNTAX');
  });

  test('takes the folder on disk it is given', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'storage-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const storage = await openStorage({ ...nothing, dir });
    onTestFinished(storage.dispose);

    expect(storage).toMatchObject({ files: nodeFs, root: dir });
  });

  test.each([
    {
      scenario: 'a file that is deleted',
      vacate: ({ promises }: FileSystem) => promises.rm('/file', { recursive: true, force: true }),
    },
    {
      scenario: 'a file that another one replaces',
      vacate: ({ promises }: FileSystem) => promises.rename('/file', '/other'),
    },
  ])('opens memory that gives back what it held: $scenario', async ({ vacate }) => {
    const { files } = await openStorage(nothing);
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const piece = Buffer.alloc(2 ** 20, 'x');
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;

    for (let round = 0; round < 64; round++) {
      await withFile(files, { path: '/file', flags: 'w' }, (file) =>
        file.write(piece, 0, piece.byteLength, 0),
      );
      await vacate(files);
    }

    const held = () => {
      collectGarbage();
      return process.memoryUsage().arrayBuffers - before;
    };
    await expect.poll(held).toBeLessThan(8 * piece.byteLength);
  });
});
