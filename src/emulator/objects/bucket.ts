import { join } from 'node:path';
import { type FileSystem, listFolder, readText } from '../storage/file-system.js';
import { compareKeys } from './key-order.js';
import type { StoredObject } from './stored-object.js';

/** The properties of a bucket. */
export interface BucketRecord {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly acl: string;

  /** Storage class of objects created without one. */
  readonly storageClass: string;
}

const recordFile = 'bucket.json';

/** A bucket in an open store: its record, its objects, and their order. */
export class Bucket {
  readonly name: string;
  readonly record: BucketRecord;
  readonly #objects = new Map<string, StoredObject>();

  /** All keys in order; `undefined` after an object was added or removed. */
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

  /** Adds an object, or removes it if it no longer has a record. */
  update(object: StoredObject): void {
    const { key, record } = object;
    if (this.#objects.has(key) !== (record !== undefined)) this.#sortedKeys = undefined;
    if (record === undefined) this.#objects.delete(key);
    else this.#objects.set(key, object);
  }
}

/** Reads the record in a bucket's folder; `undefined` if the folder is not a bucket. */
export async function readBucketRecord(
  files: FileSystem,
  folder: string,
): Promise<BucketRecord | undefined> {
  const text = await readText(files, join(folder, recordFile));
  return text === undefined ? undefined : JSON.parse(text);
}

/** Turns a folder into a bucket, atomically by renaming the record into place. */
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

/** Removes the record of a bucket, and its folder unless it contains other files. */
export async function removeBucketRecord(files: FileSystem, folder: string): Promise<void> {
  const remove = (path: string) => files.promises.rm(path, { recursive: true, force: true });
  await remove(join(folder, recordFile));
  if ((await listFolder(files, folder)).length === 0) await remove(folder);
}
