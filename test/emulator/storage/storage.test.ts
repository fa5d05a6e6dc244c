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

/** An `import()` that fails as it does in Node. */
function failToImport(message: string, code = 'ERR_MODULE_NOT_FOUND') {
  return () => Promise.reject(Object.assign(new Error(message), { code }));
}

/**
 * An `import()` that fails as it does in Jest 29 and 30, where tests run in a realm of their own:
 * the error is of another one.
 */
function failToImportInJest(message: string) {
  const error = runInNewContext('new Error(message)', { message });
  return () => Promise.reject(Object.assign(error, { code: 'MODULE_NOT_FOUND' }));
}

const importer = 'node_modules/oss-append-stream/dist/emulator/storage/storage.js';

describe('openStorage()', () => {
  test('opens memory of its own every time', async () => {
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
  ])('makes a temporary folder without memfs in %s, and removes it in the end', async (_, load) => {
    const { files, root, dir, dispose } = await openStorage(nothing, load);
    expect(files).toBe(nodeFs);
    expect(root.startsWith(tmpdir())).toBe(true);
    expect(dir).toBe(root);
    await access(root);

    await dispose();

    await expect(access(root)).rejects.toThrow('ENOENT');
  });

  test.each([
    ['what is no module', failToImport('Invalid or unexpected token', 'ERR_SYNTAX')],
    [
      'what memfs lacks',
      failToImport(
        "Cannot find package 'tslib' imported from /app/node_modules/memfs/lib/index.js",
      ),
    ],
    [
      'what memfs lacks in Jest',
      failToImportInJest("Cannot find module 'tslib' from 'node_modules/memfs/lib/index.js'"),
    ],
  ])('does not hide why memfs cannot be loaded: %s', async (_, load) => {
    await expect(openStorage(nothing, load)).rejects.toThrow(/token|tslib/);
  });

  test('takes the folder on disk it is given', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'storage-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const storage = await openStorage({ ...nothing, dir });
    onTestFinished(storage.dispose);

    expect(storage).toMatchObject({ files: nodeFs, root: dir, dir });
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
