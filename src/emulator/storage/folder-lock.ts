import { mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Locks of this process. A restarted container often has the number of the one before. */
const held = new Set<string>();

/**
 * Keeps a folder on disk to this process: two emulators on one folder would each confirm what the
 * other overwrites. A process that was killed leaves its lock behind, which then counts no more.
 *
 * @returns Gives the folder back.
 * @throws {Error} If another process has it, or it is no folder and cannot be made one.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await createFolder(folder);
  // One folder may have several names.
  const path = join(await realpath(folder), 'emulator.pid');
  const holder = await readHolder(path);
  if (held.has(path) || (holder !== undefined && holder !== process.pid && isAlive(holder))) {
    throw new Error(
      `Cannot keep objects in ${folder}: process ${holder} does. If that is no emulator any more, delete ${path}`,
    );
  }
  if (holder !== undefined) await rm(path, { force: true });
  // Exclusively: of two that start at the same time one fails.
  await writeFile(path, String(process.pid), { flag: 'wx' });
  held.add(path);
  return async () => {
    await rm(path, { force: true });
    held.delete(path);
  };
}

async function createFolder(folder: string): Promise<void> {
  try {
    // Not recursively where the parent is there: in places like /proc that would never end.
    const isParentThere = await isFolder(dirname(resolve(folder)));
    if (!(await isFolder(folder))) await mkdir(folder, { recursive: !isParentThere });
  } catch (error) {
    throw new Error(`Cannot keep objects in ${folder}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function readHolder(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text);
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks.
    return process.kill(pid, 0);
  } catch (error) {
    // It is somebody else's process.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
