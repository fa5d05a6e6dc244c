import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isBucketName } from './bucket-name.js';
import { type FileSystem, listFolder } from './file-system.js';
import type { ObjectRecord } from './object-record.js';
import { StoredObject } from './stored-object.js';

/**
 * Buckets and their objects, in folders:
 *
 * ```
 * root / bucket / SHA-256 of the key / object.json        the record
 *                                    / NAME.000000, …     the bytes
 * ```
 *
 * A key never becomes a path, so no key can leave the folder or be too long for it. Memory is the
 * authority while the store is open; the files are read once, when it opens.
 */
export class ObjectStore {
  readonly #files: FileSystem;
  readonly #root: string;
  readonly #buckets = new Map<string, Map<string, StoredObject>>();

  /** The last task of every object that somebody has to himself, by bucket and key. */
  readonly #queues = new Map<string, Promise<unknown>>();

  private constructor(files: FileSystem, root: string) {
    this.#files = files;
    this.#root = root;
  }

  /** @throws {Error} If an object there has fewer bytes than its record says. */
  static async open(files: FileSystem, root: string): Promise<ObjectStore> {
    const store = new ObjectStore(files, root);
    await files.promises.mkdir(root, { recursive: true });
    for (const bucket of await listFolder(files, root)) {
      if (isBucketName(bucket)) await store.#openBucket(bucket);
    }
    return store;
  }

  hasBucket(bucket: string): boolean {
    return this.#buckets.has(bucket);
  }

  /** @param bucket A valid name; nothing happens if it exists. */
  async createBucket(bucket: string): Promise<void> {
    await this.#files.promises.mkdir(join(this.#root, bucket), { recursive: true });
    if (!this.#buckets.has(bucket)) this.#buckets.set(bucket, new Map());
  }

  /** The record of an object as it is now. */
  find(bucket: string, key: string): ObjectRecord | undefined {
    return this.#objectsOf(bucket).get(key)?.record;
  }

  /** Reads `[start, end)` of an object that exists. */
  read(bucket: string, key: string, { start, end }: ReadRange): AsyncIterable<Buffer> {
    return this.#objectAt(bucket, key).read(start, end);
  }

  /** Runs `task` when all earlier tasks for this object are over, and before all later ones. */
  async exclusively<Result>(
    bucket: string,
    key: string,
    task: (object: StoredObject) => Promise<Result>,
  ): Promise<Result> {
    const name = `${bucket}/${key}`;
    const before = this.#queues.get(name) ?? Promise.resolve();
    const running = before.then(() => this.#run(bucket, key, task));
    const settled = running.catch(() => {});
    this.#queues.set(name, settled);
    try {
      return await running;
    } finally {
      if (this.#queues.get(name) === settled) this.#queues.delete(name);
    }
  }

  async #run<Result>(
    bucket: string,
    key: string,
    task: (object: StoredObject) => Promise<Result>,
  ): Promise<Result> {
    const objects = this.#objectsOf(bucket);
    const object = this.#objectAt(bucket, key);
    try {
      return await task(object);
    } finally {
      if (object.record === undefined) objects.delete(key);
      else objects.set(key, object);
    }
  }

  #objectAt(bucket: string, key: string): StoredObject {
    const known = this.#objectsOf(bucket).get(key);
    return known ?? new StoredObject(this.#files, this.#folderOf(bucket, key), key);
  }

  #objectsOf(bucket: string): Map<string, StoredObject> {
    const objects = this.#buckets.get(bucket);
    if (objects === undefined) throw new Error(`Cannot find bucket "${bucket}"`);
    return objects;
  }

  #folderOf(bucket: string, key: string): string {
    return join(this.#root, bucket, createHash('sha256').update(key).digest('hex'));
  }

  async #openBucket(bucket: string): Promise<void> {
    const objects = new Map<string, StoredObject>();
    this.#buckets.set(bucket, objects);
    for (const name of await listFolder(this.#files, join(this.#root, bucket))) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const object = await StoredObject.open(this.#files, join(this.#root, bucket, name));
      if (object !== undefined) objects.set(object.key, object);
    }
  }
}

/** @property end Exclusive. */
export interface ReadRange {
  readonly start: number;
  readonly end: number;
}
