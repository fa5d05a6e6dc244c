import * as nodeFs from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSystem } from './file-system.js';
import { lockFolder } from './folder-lock.js';
import { createMemoryVolume, type MemfsModule } from './memory-volume.js';

/** Where objects are kept, and what becomes of that place in the end. */
export interface Storage {
  readonly files: FileSystem;
  readonly root: string;

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
 * @param loadMemfs Rejects with Node's `ERR_MODULE_NOT_FOUND` where memfs is not installed.
 */
export async function openStorage(
  { dir, fs }: StorageOptions,
  loadMemfs: () => Promise<MemfsModule> = () => import('memfs'),
): Promise<Storage> {
  const dispose = async () => {};
  if (fs !== undefined) return { files: fs, root: dir ?? '/oss-emulator', dispose };
  if (dir !== undefined) return { files: nodeFs, root: dir, dispose: await lockFolder(dir) };
  const volume = await openMemory(loadMemfs);
  if (volume !== undefined) return { files: volume, root: '/oss-emulator', dispose };
  const root = await mkdtemp(join(tmpdir(), 'oss-emulator-'));
  return { files: nodeFs, root, dispose: () => rm(root, { recursive: true, force: true }) };
}

async function openMemory(loadMemfs: () => Promise<MemfsModule>): Promise<FileSystem | undefined> {
  try {
    return createMemoryVolume(await loadMemfs());
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') {
      return undefined;
    }
    throw error;
  }
}
