import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UncommittedBytes } from '../append-writable.js';
import type { ObjectUrl } from './object-url.js';

/**
 * Writes bytes that could not be appended to a file: one line of JSON that says where they belong,
 * then the bytes as they are.
 *
 * @param path Where to; by default a new file in the working folder or, where that cannot be
 *   written, in the one for temporary files.
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
  if (path !== undefined) {
    await writeFile(path, content, privately);
    return path;
  }
  const name = `oss-append-${Date.now()}-${process.pid}.uncommitted`;
  try {
    await writeFile(name, content, newAndPrivately);
    return name;
  } catch {
    const temporary = join(tmpdir(), name);
    await writeFile(temporary, content, newAndPrivately);
    return temporary;
  }
}

/** What was meant for a bucket may be nobody else's to read. */
const privately = { mode: 0o600, flush: true };
const newAndPrivately = { ...privately, flag: 'wx' };
