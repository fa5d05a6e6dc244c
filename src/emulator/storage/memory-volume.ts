import type { FileSystem } from './file-system.js';

/** The part of memfs that is used. */
export interface MemfsModule {
  readonly memfs: () => { readonly fs: MemfsFileSystem };
}

export interface MemfsFileSystem extends FileSystem {
  readonly promises: FileSystem['promises'] & {
    unlink(path: string): Promise<unknown>;
  };
}

/**
 * Creates a file system in memory that frees the memory of deleted and replaced files.
 *
 * memfs keeps a list of all files, and only `unlink()` removes a file from it.
 *
 * @see https://github.com/streamich/memfs/blob/master/packages/fs-core/src/Superblock.ts
 */
export function createMemoryVolume({ memfs }: MemfsModule): FileSystem {
  const { promises } = memfs().fs;
  // Ignore failures: the file may not exist, or be a folder.
  const free = (path: string) => promises.unlink(path).catch(() => {});
  const freeing: FileSystem['promises'] = Object.assign(Object.create(promises), {
    rename: async (oldPath: string, newPath: string) => {
      await free(newPath);
      await promises.rename(oldPath, newPath);
    },
    rm: async (path: string, options: { recursive: true; force: true }) => {
      await free(path);
      await promises.rm(path, options);
    },
  });
  return { promises: freeing };
}
