import { join } from 'node:path';
import { type FileSystem, listFolder, readText } from '../storage/file-system.js';
import { compareKeys } from './key-order.js';
import type { StoredObject } from './stored-object.js';

/** What is known of a bucket besides its objects. */
export interface BucketRecord {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly acl: string;

  /** What objects get whose creator names no class. */
  readonly storageClass: string;
}

const recordFile = 'bucket.json';

/** A bucket while the store is open: its record, its objects, and their order. */
export class Bucket {
  readonly name: string;
  readonly record: BucketRecord;
  readonly #objects = new Map<string, StoredObject>();

  /** All keys in order; `undefined` after one came or went. */
  #sortedKeys: readonly string[] | undefined;

  constructor(name: string, record: BucketRecord) {
    this.name = name;
    this.record = record;
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  get keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort(compareKeys);
    return this.#sortedKeys;
  }

  find(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Takes note of an object as it is after a change: it may be there or be gone. */
  update(object: StoredObject): void {
    const { key, record } = object;
    if (this.#objects.has(key) !== (record !== undefined)) this.#sortedKeys = undefined;
    if (record === undefined) this.#objects.delete(key);
    else this.#objects.set(key, object);
  }
}

/** Reads the record in a bucket's folder; `undefined` where the folder is no bucket. */
export async function readBucketRecord(
  files: FileSystem,
  folder: string,
): Promise<BucketRecord | undefined> {
  const text = await readText(files, join(folder, recordFile));
  return text === undefined ? undefined : JSON.parse(text);
}

/** Makes a folder a bucket, at one stroke. */
export async function writeBucketRecord(
  files: FileSystem,
  folder: string,
  record: BucketRecord,
): Promise<void> {
  const newPath = join(folder, `${recordFile}.new`);
  await files.promises.mkdir(folder, { recursive: true });
  await files.promises.writeFile(newPath, JSON.stringify(record));
  await files.promises.rename(newPath, join(folder, recordFile));
}

/** Makes a bucket's folder an ordinary one, and removes it unless there are strangers' files. */
export async function removeBucketRecord(files: FileSystem, folder: string): Promise<void> {
  const remove = (path: string) => files.promises.rm(path, { recursive: true, force: true });
  await remove(join(folder, recordFile));
  if ((await listFolder(files, folder)).length === 0) await remove(folder);
}
