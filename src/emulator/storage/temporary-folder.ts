import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimFolder, isAbandoned, isClaim } from './folder-claim.js';

export interface TemporaryFolder {
  readonly path: string;

  /** Removes the folder and its content. */
  readonly remove: () => Promise<void>;
}

const prefix = 'oss-emulator-';

/** Creates an empty folder, and removes folders that killed processes left. */
export async function createTemporaryFolder(parent: string = tmpdir()): Promise<TemporaryFolder> {
  await removeAbandoned(parent);
  const path = await mkdtemp(join(parent, prefix));
  const release = await claimFolder(path);
  const remove = async () => {
    await removeFolder(path);
    release();
  };
  return { path, remove };
}

async function removeAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    // Failing to remove an abandoned folder must not prevent the start.
    if ((await isOwnFolder(path)) && (await isAbandoned(path))) {
      await removeFolder(path).catch(() => {});
    }
  }
}

/** Other users can create symbolic links in the folder for temporary files. */
async function isOwnFolder(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}

/** Removes the claim last: without it, a partly removed folder would not count as abandoned. */
async function removeFolder(path: string): Promise<void> {
  const names = await readdir(path).catch(() => []);
  for (const name of names.filter((it) => !isClaim(it))) {
    await rm(join(path, name), { recursive: true, force: true });
  }
  await rm(path, { recursive: true, force: true });
}
