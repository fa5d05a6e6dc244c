import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { assertBucketName } from '../oss/endpoint.js';
import { assertObjectKey } from '../oss/object-key.js';
import { count } from '../quantity.js';
import { UsageError } from './exit-code.js';

/** What a file of uncommitted bytes holds. */
export interface SavedBytes {
  readonly bucket: string | undefined;
  readonly key: string;

  /** Where the bytes behind those that have landed belong; `undefined` when nobody knew. */
  readonly position: number | undefined;
  readonly confirmed: boolean;

  /** Bytes from `position` on that may be in the object all the same. */
  readonly doubtful: number;

  /** Bytes at the head that a replay has found in the object, elsewhere than at `position`. */
  readonly landed: number;
  readonly bytes: Buffer;
}

/** What Node reads in one go. */
const maxFileSize = 2 ** 31 - 1;

/** A key of 1023 bytes fits, however it is escaped. */
const maxHeaderLength = 16_384;

/**
 * Reads a file of uncommitted bytes.
 *
 * @throws {UsageError} If it cannot be read, is none, or holds fewer or more bytes than it says.
 */
export async function readSaved(path: string): Promise<SavedBytes> {
  const content = await readContent(path);
  const end = content.subarray(0, maxHeaderLength).indexOf('\n');
  const header = end === -1 ? undefined : parseHeader(content.toString('utf8', 0, end));
  if (header === undefined) {
    // Whatever it is, it may be secret: nothing of it is shown.
    throw new UsageError(
      `"${path}" is no file of uncommitted bytes: its first line does not say where they belong.`,
    );
  }
  const { byteLength, ...saved } = header;
  const bytes = content.subarray(end + 1);
  const found = count(bytes.byteLength, 'byte');
  if (bytes.byteLength < byteLength) {
    throw new UsageError(`"${path}" is cut short: it holds ${found} of ${byteLength}.`);
  }
  if (bytes.byteLength > byteLength) {
    throw new UsageError(`"${path}" holds ${found}, more than the ${byteLength} that it says.`);
  }
  return { ...saved, bytes };
}

/**
 * Writes the file again, so that the next replay knows what this one is about to do. It is the old
 * file or the new one at any time.
 */
export async function rewriteSaved(path: string, { bytes, ...saved }: SavedBytes): Promise<void> {
  const target = await realpath(path);
  const draft = `${target}.${process.pid}.draft`;
  const header = JSON.stringify({ ...saved, byteLength: bytes.byteLength });
  const file = await open(draft, 'wx', 0o600);
  try {
    try {
      await file.writeFile(`${header}\n`);
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function readContent(path: string): Promise<Buffer> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw new Error('it is no file');
    if (stats.size > maxFileSize) throw new Error(`it is longer than ${maxFileSize} bytes`);
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  }
}

type Header = Omit<SavedBytes, 'bytes'> & { readonly byteLength: number };

function parseHeader(line: string): Header | undefined {
  try {
    const { bucket, key, position, byteLength, confirmed, doubtful, landed = 0 } = JSON.parse(line);
    if (bucket !== undefined) assertBucketName(bucket);
    assertObjectKey(key);
    const lengths = [position === undefined ? 0 : position, byteLength, doubtful, landed];
    const isComplete =
      (bucket === undefined || typeof bucket === 'string') &&
      lengths.every((length) => Number.isSafeInteger(length) && length >= 0) &&
      landed + doubtful <= byteLength &&
      typeof confirmed === 'boolean';
    if (!isComplete) return undefined;
    return { bucket, key, position, byteLength, confirmed, doubtful, landed };
  } catch {
    return undefined;
  }
}
