/**
 * The part of `node:fs` the emulator stores objects with. `node:fs` itself, a memfs volume and
 * most stand-ins for `fs` fit; answers are typed loosely so that they do.
 */
export interface FileSystem {
  readonly promises: {
    mkdir(path: string, options: { recursive: true }): Promise<unknown>;
    readdir(path: string): Promise<readonly unknown[]>;
    readFile(path: string): Promise<unknown>;
    writeFile(path: string, data: string): Promise<unknown>;
    rename(oldPath: string, newPath: string): Promise<unknown>;
    rm(path: string, options: { recursive: true; force: true }): Promise<unknown>;
    open(path: string, flags: string): Promise<OpenFile>;
  };
}

/** The part of a `FileHandle` the emulator uses. */
export interface OpenFile {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }>;
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<unknown>;
  stat(): Promise<{ size: number | bigint }>;
  close(): Promise<unknown>;
}

/** Opens a file, hands it to `use`, and closes it whatever happens. */
export async function withFile<Result>(
  files: FileSystem,
  { path, flags }: { path: string; flags: string },
  use: (file: OpenFile) => Promise<Result>,
): Promise<Result> {
  const file = await files.promises.open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Names in a folder; none where there is no folder. */
export async function listFolder(files: FileSystem, path: string): Promise<string[]> {
  try {
    return (await files.promises.readdir(path)).map(String);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Reads a text file; `undefined` where there is none, and no folder for it. */
export async function readText(files: FileSystem, path: string): Promise<string | undefined> {
  try {
    return String(await files.promises.readFile(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** What is a file is no folder, so there is nothing in it either. */
function isMissing(error: unknown): boolean {
  // No `instanceof`: in Jest errors of `node:fs` are of another realm.
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
