import * as nodeFs from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FileSystem, withFile } from '../../../src/emulator/storage/file-system.js';
import { openStorage } from '../../../src/emulator/storage/storage.js';

const nothing = { dir: undefined, fs: undefined };

/** An `import()` that fails like that of Node. */
function failToImport(message: string, code = 'ERR_MODULE_NOT_FOUND') {
  return () => Promise.reject(Object.assign(new Error(message), { code }));
}

/**
 * An `import()` that fails like that of Jest 29 and 30, where tests run in a realm of their own:
 * the error belongs to another realm.
 */
function failToImportInJest(message: string) {
  const error = runInNewContext('new Error(message)', { message });
  return () => Promise.reject(Object.assign(error, { code: 'MODULE_NOT_FOUND' }));
}

const importer = 'node_modules/oss-append-stream/dist/emulator/storage/storage.js';

describe('openStorage()', () => {
  test('opens separate memory every time', async () => {
    const [first, second] = [await openStorage(nothing), await openStorage(nothing)];

    expect(first.files).not.toBe(nodeFs);
    expect(first.files).not.toBe(second.files);
    expect(first.dir).toBe(undefined);
  });

  test.each([
    ['Node', failToImport(`Cannot find package 'memfs' imported from /app/${importer}`)],
    [
      "Yarn's Plug'n'Play",
      failToImport(
        'oss-append-stream tried to access memfs (a peer dependency) but it is not there',
      ),
    ],
    ['Jest', failToImportInJest(`Cannot find module 'memfs' from '${importer}'`)],
  ])(
    'creates a temporary folder without memfs in %s, and removes it at the end',
    async (_, load) => {
      const { files, root, dir, dispose } = await openStorage(nothing, load);
      expect(files).toBe(nodeFs);
      expect(root.startsWith(tmpdir())).toBe(true);
      expect(dir).toBe(root);
      await access(root);

      await dispose();

      await expect(access(root)).rejects.toThrow('ENOENT');
    },
  );

  test.each([
    ['it is not a module', failToImport('Invalid or unexpected token', 'ERR_SYNTAX')],
    [
      'a dependency is missing',
      failToImport(
        "Cannot find package 'tslib' imported from /app/node_modules/memfs/lib/index.js",
      ),
    ],
    [
      'a dependency is missing in Jest',
      failToImportInJest("Cannot find module 'tslib' from 'node_modules/memfs/lib/index.js'"),
    ],
  ])('rejects if memfs is installed but cannot be loaded: %s', async (_, load) => {
    await expect(openStorage(nothing, load)).rejects.toThrow(/token|tslib/);
  });

  test('uses the given folder on disk', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'storage-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const storage = await openStorage({ ...nothing, dir });
    onTestFinished(storage.dispose);

    expect(storage).toMatchObject({ files: nodeFs, root: dir, dir });
  });

  test.each([
    {
      scenario: 'a deleted file',
      vacate: ({ promises }: FileSystem) => promises.rm('/file', { recursive: true, force: true }),
    },
    {
      scenario: 'a replaced file',
      vacate: ({ promises }: FileSystem) => promises.rename('/file', '/other'),
    },
  ])('opens memory that frees the memory of $scenario', async ({ vacate }) => {
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
