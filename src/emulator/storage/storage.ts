import * as nodeFs from 'node:fs';
import type { FileSystem } from './file-system.js';
import { lockFolder } from './folder-lock.js';
import { createMemoryVolume, type MemfsModule } from './memory-volume.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A place for objects, and how to release it. */
export interface Storage {
  readonly files: FileSystem;
  readonly root: string;

  /** `root` if it is on disk. */
  readonly dir: string | undefined;

  /** Removes the folder if it is temporary, and releases its lock or claim. */
  readonly dispose: () => Promise<void>;
}

export interface StorageOptions {
  readonly dir: string | undefined;
  readonly fs: FileSystem | undefined;
}

/**
 * Opens the place for objects: `dir` in `fs` or on disk, otherwise memory; without memfs, which is
 * an optional peer dependency, a temporary folder.
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
 * Whether `import('memfs')` failed because memfs is not installed. The code is
 * `ERR_MODULE_NOT_FOUND` in Node and `MODULE_NOT_FOUND` in Jest, whose error is not an
 * `instanceof Error` in its tests. The message distinguishes this from a missing dependency of
 * memfs.
 */
function isNotInstalled(thrown: unknown): boolean {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  // In quotes, or with Yarn's Plug'n'Play: "tried to access memfs".
  return isMissing && /(?:'|access )memfs(?![\w/-])/.test(message);
}
