import * as nodeFs from 'node:fs';
import type { FileSystem } from './file-system.js';
import { lockFolder } from './folder-lock.js';
import { createMemoryVolume, type MemfsModule } from './memory-volume.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** Where objects are kept, and what becomes of that place in the end. */
export interface Storage {
  readonly files: FileSystem;
  readonly root: string;

  /** `root`, where that is a folder on disk. */
  readonly dir: string | undefined;

  /** Removes what was only made for this emulator, and gives the place back. */
  readonly dispose: () => Promise<void>;
}

export interface StorageOptions {
  readonly dir: string | undefined;
  readonly fs: FileSystem | undefined;
}

/**
 * Finds a place for objects: `dir` in `fs` or on disk, or else memory. Without memfs, an optional
 * peer, memory is a temporary folder.
 *
 * @param loadMemfs Rejects as `import('memfs')` does where memfs is not installed.
 */
export async function openStorage(
  { dir, fs }: StorageOptions,
  loadMemfs: () => Promise<MemfsModule> = () => import('memfs'),
): Promise<Storage> {
  if (fs !== undefined) return inMemory(fs, dir);
  if (dir !== undefined) return onDisk(dir, await lockFolder(dir));
  const volume = await openMemory(loadMemfs);
  if (volume !== undefined) return inMemory(volume);
  const { path, remove } = await createTemporaryFolder();
  return onDisk(path, remove);
}

function inMemory(files: FileSystem, root = '/oss-emulator'): Storage {
  return { files, root, dir: undefined, dispose: async () => {} };
}

function onDisk(dir: string, dispose: () => Promise<void>): Storage {
  return { files: nodeFs, root: dir, dir, dispose };
}

async function openMemory(loadMemfs: () => Promise<MemfsModule>): Promise<FileSystem | undefined> {
  try {
    return createMemoryVolume(await loadMemfs());
  } catch (error) {
    if (isNotInstalled(error)) return undefined;
    throw error;
  }
}

/**
 * Whether `import('memfs')` failed because there is no such package. The code is
 * `ERR_MODULE_NOT_FOUND` in Node, and `MODULE_NOT_FOUND` in Jest, whose error is not even an
 * `instanceof Error` in the tests that it runs. The message tells this from memfs being there and
 * lacking another package.
 */
function isNotInstalled(thrown: unknown): boolean {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  // In quotes, or with Yarn's Plug'n'Play: "tried to access memfs".
  return isMissing && /(?:'|access )memfs(?![\w/-])/.test(message);
}
