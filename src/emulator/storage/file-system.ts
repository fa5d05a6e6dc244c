/**
 * The part of `node:fs` that the emulator uses to store objects. Results are typed loosely, so that
 * `node:fs`, memfs volumes and most replacements of `fs` are assignable.
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

/** The part of a `FileHandle` that the emulator uses. */
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

/** Opens a file, passes it to `use`, and closes it when `use` has settled. */
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

/** Names in a folder; none if it does not exist. */
export async function listFolder(files: FileSystem, path: string): Promise<string[]> {
  try {
    return (await files.promises.readdir(path)).map(String);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Reads a text file; `undefined` if the file or its folder does not exist. */
export async function readText(files: FileSystem, path: string): Promise<string | undefined> {
  try {
    return String(await files.promises.readFile(path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether a file or folder is missing; ENOTDIR means that a parent is a file. */
function isMissing(error: unknown): boolean {
  // No `instanceof`: in Jest errors of `node:fs` are of another realm.
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
