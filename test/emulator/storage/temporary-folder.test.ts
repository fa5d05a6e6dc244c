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

/** Leaves a folder as a killed process does: with the socket, and nobody behind it. */
async function abandon(folder: string, claim = `${bootId}.sock`): Promise<string> {
  await mkdir(join(folder, 'bucket'), { recursive: true });
  await writeFile(join(folder, 'bucket/bucket.json'), '{}');
  const server = createServer();
  await once(server.listen(join(folder, 'socket')), 'listening');
  // Closing removes a socket, but not its other name.
  await link(join(folder, 'socket'), join(folder, claim));
  await once(server.close(), 'close');
  return folder;
}

describe('createTemporaryFolder()', () => {
  test('creates a folder of its own every time, and removes it with what is in it', async () => {
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

  test('removes what a process that was killed has left', async () => {
    const parent = await createParent();
    const left = await abandon(join(parent, 'oss-emulator-killed'));

    const { remove } = await createTemporaryFolder(parent);

    await expect(access(left)).rejects.toThrow('ENOENT');
    await remove();
  });

  test.each([
    ['of another boot, or of a machine that shares the disk', `${otherBootId}.sock`],
    ['that does not say whose it is', 'socket.sock'],
  ])('leaves a folder %s', async (_, claim) => {
    const parent = await createParent();
    const left = await abandon(join(parent, 'oss-emulator-other'), claim);

    await (await createTemporaryFolder(parent)).remove();

    await access(join(left, 'bucket/bucket.json'));
  });

  test('leaves what others have there', async () => {
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

  test('does without a claim where the path is too long for a socket', async () => {
    const parent = join(await createParent(), 'x'.repeat(100));
    await mkdir(parent);

    const { path, remove } = await createTemporaryFolder(parent);

    expect(await readdir(path)).toEqual([]);
    await remove();
    expect(await readdir(parent)).toEqual([]);
  });
});
