import { once } from 'node:events';
import { readFile, rename } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/**
 * Says for as long as this process lives that it uses `folder`: with a Unix socket in it, which the
 * system closes whatever ends the process. A process id would not do: in another container the
 * same number is somebody else's. The socket's name is that of the running system, because on
 * another machine that shares the disk nobody answers at it, although the process lives.
 *
 * Where that cannot be said (not on Linux, a disk without sockets), the folder stays unclaimed.
 *
 * @returns Gives the claim up.
 */
export async function claimFolder(folder: string): Promise<() => void> {
  const path = await findClaim(folder);
  if (path === undefined) return () => {};
  const server = createServer((socket) => socket.destroy());
  // Not shared: in a cluster the primary would listen for its workers, and outlive them.
  server.listen({ path: join(folder, 'socket'), exclusive: true });
  server.unref();
  try {
    await once(server, 'listening');
    server.on('error', () => {});
    // Only now: nobody listens yet at a socket that is being opened.
    await rename(join(folder, 'socket'), path);
  } catch {
    // Nobody takes an unclaimed folder for abandoned.
  }
  return () => void server.close();
}

/** Whether `folder` was claimed by a process of this system that is certainly gone. */
export async function isAbandoned(folder: string): Promise<boolean> {
  const path = await findClaim(folder);
  if (path === undefined) return false;
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    // Anything else, such as ENOENT, EACCES and EAGAIN, says nothing about the process.
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

/** Whether it is what `claimFolder()` puts into a folder. */
export function isClaim(name: string): boolean {
  return name.endsWith('.sock');
}

/** Linux's limit is 107; longer ones are cut off in silence. */
const maxSocketPathLength = 100;

async function findClaim(folder: string): Promise<string | undefined> {
  const id = await readBootId();
  const path = join(folder, `${id}.sock`);
  const isUsable = id !== undefined && Buffer.byteLength(path) <= maxSocketPathLength;
  return isUsable ? path : undefined;
}

/** Names the running system: another one for each machine and start, one for all its containers. */
async function readBootId(): Promise<string | undefined> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return /^[0-9a-f-]{36}$/.exec(text.trim())?.[0];
}
