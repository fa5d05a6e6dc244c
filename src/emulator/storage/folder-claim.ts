import { once } from 'node:events';
import { readFile, rename } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/**
 * Marks `folder` as used by this process while it lives: with a Unix socket in it, which the system
 * closes however the process ends. A process id is not enough, because in another container it
 * belongs to another process. The socket is named after the boot id of the running system, because
 * on another machine that shares the disk a connection fails although the process lives.
 *
 * Where this is impossible (not on Linux, or a disk without sockets), the folder stays unclaimed.
 *
 * @returns A function that releases the claim.
 */
export async function claimFolder(folder: string): Promise<() => void> {
  const path = await findClaim(folder);
  if (path === undefined) return () => {};
  const server = createServer((socket) => socket.destroy());
  // Exclusive: in a cluster the primary would listen instead of this worker, and outlive it.
  server.listen({ path: join(folder, 'socket'), exclusive: true });
  server.unref();
  try {
    await once(server, 'listening');
    server.on('error', () => {});
    // Rename after listening: until then a connection fails, which would look abandoned.
    await rename(join(folder, 'socket'), path);
  } catch {
    // Without a claim the folder never counts as abandoned.
  }
  return () => void server.close();
}

/** Whether `folder` was claimed by a process of this system that no longer exists. */
export async function isAbandoned(folder: string): Promise<boolean> {
  const path = await findClaim(folder);
  if (path === undefined) return false;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    // Other errors, such as ENOENT, EACCES and EAGAIN, do not prove that the process is gone.
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

/** Whether a file in the folder is its claim. */
export function isClaim(name: string): boolean {
  return name.endsWith('.sock');
}

/** Linux's limit is 107 bytes; longer paths are truncated silently. */
const maxSocketPathLength = 100;

async function findClaim(folder: string): Promise<string | undefined> {
  const id = await readBootId();
  const path = join(folder, `${id}.sock`);
  const isUsable = id !== undefined && Buffer.byteLength(path) <= maxSocketPathLength;
  return isUsable ? path : undefined;
}

/** Identifies the running system: unique per machine and boot, the same in all its containers. */
async function readBootId(): Promise<string | undefined> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return /^[0-9a-f-]{36}$/.exec(text.trim())?.[0];
}
