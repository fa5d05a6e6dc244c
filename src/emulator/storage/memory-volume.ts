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
 * Creates files in memory that give it back when they are deleted or replaced.
 *
 * memfs keeps a list of all files, and only `unlink()` takes one off it.
 *
 * @see https://github.com/streamich/memfs/blob/master/packages/fs-core/src/Superblock.ts
 */
export function createMemoryVolume({ memfs }: MemfsModule): FileSystem {
  const { promises } = memfs().fs;
  // There may be no such file, and a folder it cannot take.
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
