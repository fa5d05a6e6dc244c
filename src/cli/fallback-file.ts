import { access, constants, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { UncommittedBytes } from '../append-writable.js';
import { UsageError } from './exit-code.js';
import type { ObjectUrl } from './object-url.js';

/**
 * Checks, while nothing is lost yet, that a file could be written.
 *
 * @throws {UsageError} If not.
 */
export async function assertFallback(path: string): Promise<void> {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
    const isFolder = await stat(path).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (path === '' || isFolder) throw new Error('it is a folder');
  } catch (error) {
    throw new UsageError(`Cannot keep bytes in "${path}": ${(error as Error).message}.`);
  }
}

/**
 * Writes bytes that could not be appended to a new file: one line of JSON that says where they
 * belong, then the bytes as they are. A file that is there is never touched: it may hold what
 * could not be appended before.
 *
 * @param path Where to, with a number behind it where that is taken. Without it, and where it
 *   cannot be written, the working folder and those for temporary files are tried.
 * @returns Where they are.
 * @throws {Error} If no file could be written.
 */
export async function saveUncommitted(
  { key, position, bytes, confirmed }: UncommittedBytes,
  { bucket }: ObjectUrl,
  path?: string,
): Promise<string> {
  const byteLength = bytes.byteLength;
  const header = JSON.stringify({ bucket, key, position, byteLength, confirmed });
  const content = Buffer.concat([Buffer.from(`${header}\n`), bytes]);
  const name = `oss-append-${Date.now()}-${process.pid}.uncommitted`;
  const places = [
    ...(path === undefined ? [] : [path]),
    name,
    join(tmpdir(), name),
    `/tmp/${name}`,
  ];
  let failure: unknown;
  for (const place of places) {
    try {
      return resolve(await writeNew(place, content));
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

async function writeNew(path: string, content: Buffer): Promise<string> {
  for (let number = 0; ; number++) {
    const free = number === 0 ? path : `${path}.${number}`;
    try {
      // What was meant for a bucket may be nobody else's to read.
      await writeFile(free, content, { flag: 'wx', mode: 0o600, flush: true });
      return free;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && number < 1000) continue;
      // Half of it is worse than none.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(free, { force: true });
      throw error;
    }
  }
}
