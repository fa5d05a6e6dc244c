import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { count } from '../quantity.js';
import { formatHeader, parseHeader, type SavedHeader } from './saved-header.js';
import { UnusableFileError } from './unusable-file.js';

/** Content of a file of uncommitted bytes. */
export interface SavedBytes extends SavedHeader {
  readonly bytes: Buffer;
}

/** Node's `readFile()` reads at most this. */
const maxFileSize = 2 ** 31 - 1;

/** Room for an escaped key of 1023 bytes, several times over. */
const maxHeaderLength = 65_536;

/** Suffix of a draft of the file; its random part prevents collisions. */
const draftSuffix = /^\.[0-9a-f]{16}\.draft$/;

/**
 * Reads a file of uncommitted bytes.
 *
 * @throws {UnusableFileError} If it cannot be read, has no such header, or its length does not fit.
 */
export async function readSaved(path: string): Promise<SavedBytes> {
  const content = await readContent(path);
  const end = content.subarray(0, maxHeaderLength).indexOf('\n');
  const header = end === -1 ? undefined : parseHeader(content.toString('utf8', 0, end));
  if (header === undefined) {
    // Does not show the content, which may be secret.
    throw new UnusableFileError(
      `"${path}" is not a file of uncommitted bytes: its first line does not say where they belong.`,
    );
  }
  const { byteLength, ...saved } = header;
  const bytes = content.subarray(end + 1);
  const found = count(bytes.byteLength, 'byte');
  if (bytes.byteLength < byteLength) {
    throw new UnusableFileError(`"${path}" is cut short: it holds ${found} of ${byteLength}.`);
  }
  if (bytes.byteLength > byteLength) {
    throw new UnusableFileError(
      `"${path}" holds ${found}, more than the ${byteLength} that its first line says.`,
    );
  }
  return { ...saved, bytes };
}

/**
 * Rewrites the file, so that the next replay knows what this one is about to do. The rewrite is
 * atomic: after a crash the file is the old one or the new one.
 */
export async function rewriteSaved(path: string, saved: SavedBytes): Promise<void> {
  const target = await realpath(path);
  const folder = dirname(target);
  await removeDrafts(folder, basename(target));
  const draft = `${target}.${randomBytes(8).toString('hex')}.draft`;
  const file = await open(draft, 'wx', 0o600);
  try {
    try {
      await file.writeFile(formatHeader(saved, saved.bytes.byteLength));
      await file.writeFile(saved.bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Removes the drafts of replays that were killed while they rewrote the file. */
async function removeDrafts(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const isDraft =
      entry.isFile() &&
      entry.name.startsWith(`${name}.`) &&
      draftSuffix.test(entry.name.slice(name.length));
    if (isDraft) await rm(join(folder, entry.name), { force: true });
  }
}

/** Flushes the rename to disk: otherwise a power failure could restore the old file. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot open folders.
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readContent(path: string): Promise<Buffer> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error('it is not a file');
    if (stats.size > maxFileSize) throw new Error(`it is longer than ${maxFileSize} bytes`);
    return await readFile(path);
  } catch (error) {
    throw new UnusableFileError(`Cannot read ${path}: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
