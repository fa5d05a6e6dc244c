import { mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Locks of this process: its id may equal that in a stale lock, as after a container restarts. */
const held = new Set<string>();

/**
 * Locks a folder on disk for this process: two emulators on one folder would each confirm bytes
 * that the other overwrites. The lock of a killed process is ignored.
 *
 * @returns A function that releases the lock.
 * @throws {Error} If another process holds the lock, or the folder cannot be created.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await createFolder(folder);
  // Resolve symbolic links: one folder may have several paths.
  const path = join(await realpath(folder), 'emulator.pid');
  const holder = await readHolder(path);
  if (held.has(path) || (holder !== undefined && holder !== process.pid && isAlive(holder))) {
    throw new Error(
      `Cannot keep objects in ${folder}: process ${holder} uses it. If that process is not an emulator, delete ${path}`,
    );
  }
  if (holder !== undefined) await rm(path, { force: true });
  // `wx`: if two processes start at the same time, one of them fails.
  await writeFile(path, String(process.pid), { flag: 'wx' });
  held.add(path);
  return async () => {
    await rm(path, { force: true });
    held.delete(path);
  };
}

async function createFolder(folder: string): Promise<void> {
  try {
    // Not recursive if the parent exists: in places like /proc that would never end.
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
    // Signal 0 only checks that the process exists.
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
