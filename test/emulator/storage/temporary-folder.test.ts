import { once } from 'node:events';
import {
  access,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTemporaryFolder } from '../../../src/emulator/storage/temporary-folder.js';

const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
const otherBootId = '00000000-0000-4000-8000-000000000000';

async function createParent(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'temporary-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return parent;
}

/** Leaves a folder as a killed process does: with a socket that nothing listens on. */
async function abandon(folder: string, claim = `${bootId}.sock`): Promise<string> {
  await mkdir(join(folder, 'bucket'), { recursive: true });
  await writeFile(join(folder, 'bucket/bucket.json'), '{}');
  const server = createServer();
  await once(server.listen(join(folder, 'socket')), 'listening');
  // Closing removes the socket, but not under its new name.
  await link(join(folder, 'socket'), join(folder, claim));
  await once(server.close(), 'close');
  return folder;
}

describe('createTemporaryFolder()', () => {
  test('creates a new folder every time, and removes it with its content', async () => {
    const parent = await createParent();
    const first = await createTemporaryFolder(parent);
    const second = await createTemporaryFolder(parent);
    await writeFile(join(first.path, 'file'), '');
    expect(first.path).not.toBe(second.path);

    await first.remove();

    expect(await readdir(parent)).toHaveLength(1);
    await access(second.path);
    await second.remove();
    expect(await readdir(parent)).toEqual([]);
  });

  test('removes the folder that a killed process left', async () => {
    const parent = await createParent();
    const left = await abandon(join(parent, 'oss-emulator-killed'));

    const { remove } = await createTemporaryFolder(parent);

    await expect(access(left)).rejects.toThrow('ENOENT');
    await remove();
  });

  test.each([
    ['of another boot or of another machine', `${otherBootId}.sock`],
    ['whose claim has no boot id', 'socket.sock'],
  ])('keeps a folder %s', async (_, claim) => {
    const parent = await createParent();
    const left = await abandon(join(parent, 'oss-emulator-other'), claim);

    await (await createTemporaryFolder(parent)).remove();

    await access(join(left, 'bucket/bucket.json'));
  });

  test('keeps files and folders of others', async () => {
    const parent = await createParent();
    const folder = await abandon(join(parent, 'others'));
    await symlink(folder, join(parent, 'oss-emulator-link'));
    await writeFile(join(parent, 'oss-emulator-file'), '');
    await mkdir(join(parent, 'oss-emulator-empty'));

    await (await createTemporaryFolder(parent)).remove();

    await access(join(folder, 'bucket/bucket.json'));
    expect(await readdir(parent)).toEqual([
      'oss-emulator-empty',
      'oss-emulator-file',
      'oss-emulator-link',
      'others',
    ]);
  });

  test('creates a folder without a claim if the path is too long for a socket', async () => {
    const parent = join(await createParent(), 'x'.repeat(100));
    await mkdir(parent);

    const { path, remove } = await createTemporaryFolder(parent);

    expect(await readdir(path)).toEqual([]);
    await remove();
    expect(await readdir(parent)).toEqual([]);
  });
});
