import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { noSuchBucket } from '../protocol/oss-error.js';
import { type FileSystem, listFolder } from '../storage/file-system.js';
import { TaskQueues } from '../storage/task-queues.js';
import {
  Bucket,
  type BucketRecord,
  readBucketRecord,
  removeBucketRecord,
  writeBucketRecord,
} from './bucket.js';
import { isBucketName } from './bucket-name.js';
import type { ObjectRecord } from './object-record.js';
import { StoredObject } from './stored-object.js';

/**
 * Buckets and their objects, in folders:
 *
 * ```
 * root / bucket / bucket.json                             the bucket's record
 *               / SHA-256 of the key / object.json        the object's record
 *                                    / NAME.000000, …     the bytes
 * ```
 *
 * A key is never used as a path, so no key can point outside the folder or be too long for it.
 * While the store is open, memory is authoritative; records are read only when it opens.
 */
export class ObjectStore {
  readonly #files: FileSystem;
  readonly #root: string;
  readonly #buckets = new Map<string, Bucket>();

  /** Queues of tasks: `bucket/key` for an object, `''` for buckets. */
  readonly #tasks = new TaskQueues();

  private constructor(files: FileSystem, root: string) {
    this.#files = files;
    this.#root = root;
  }

  /** @throws {Error} If an object has fewer bytes than its record says. */
  static async open(files: FileSystem, root: string): Promise<ObjectStore> {
    const store = new ObjectStore(files, root);
    await files.promises.mkdir(root, { recursive: true });
    for (const name of await listFolder(files, root)) {
      if (!isBucketName(name)) continue;
      const record = await readBucketRecord(files, join(root, name));
      if (record !== undefined) await store.#openBucket(name, record);
    }
    return store;
  }

  /** Names of all buckets in order. */
  get buckets(): readonly string[] {
    return [...this.#buckets.keys()].sort();
  }

  findBucket(bucket: string): BucketRecord | undefined {
    return this.#buckets.get(bucket)?.record;
  }

  /** @param bucket A valid name; nothing happens if it exists. */
  createBucket(bucket: string, settings: Partial<BucketRecord> = {}): Promise<void> {
    return this.#tasks.run('', async () => {
      if (this.#buckets.has(bucket)) return;
      const record = {
        createdAt: Date.now(),
        acl: 'private',
        storageClass: 'Standard',
        ...settings,
      };
      await writeBucketRecord(this.#files, join(this.#root, bucket), record);
      await this.#openBucket(bucket, record);
    });
  }

  /** @returns `true` if it was deleted; `false` if it has objects. */
  deleteBucket(bucket: string): Promise<boolean> {
    return this.#tasks.run('', async () => {
      // A request that is creating an object has already checked that the bucket exists.
      await this.#tasks.idle(`${bucket}/`);
      const found = this.#bucketAt(bucket);
      if (!found.isEmpty) return false;
      this.#buckets.delete(bucket);
      await removeBucketRecord(this.#files, join(this.#root, bucket));
      return true;
    });
  }

  /** Every key of the bucket, in OSS's order. */
  keys(bucket: string): readonly string[] {
    return this.#bucketAt(bucket).keys;
  }

  /** The current record of an object. */
  find(bucket: string, key: string): ObjectRecord | undefined {
    return this.#bucketAt(bucket).find(key)?.record;
  }

  /** Reads `[start, end)` of an existing object. */
  read(bucket: string, key: string, { start, end }: ReadRange): AsyncIterable<Buffer> {
    return this.#objectAt(this.#bucketAt(bucket), key).read(start, end);
  }

  /**
   * Runs `task` after all earlier tasks for this object and before all later ones.
   *
   * @throws {OssError} If the bucket has been deleted by then.
   */
  exclusively<Result>(
    bucket: string,
    key: string,
    task: (object: StoredObject) => Promise<Result>,
  ): Promise<Result> {
    return this.#tasks.run(`${bucket}/${key}`, async () => {
      const found = this.#bucketAt(bucket);
      const object = this.#objectAt(found, key);
      try {
        return await task(object);
      } finally {
        found.update(object);
      }
    });
  }

  #objectAt(bucket: Bucket, key: string): StoredObject {
    const folder = createHash('sha256').update(key).digest('hex');
    const path = join(this.#root, bucket.name, folder);
    return bucket.find(key) ?? new StoredObject(this.#files, path, key);
  }

  #bucketAt(bucket: string): Bucket {
    const found = this.#buckets.get(bucket);
    if (found === undefined) throw noSuchBucket(bucket);
    return found;
  }

  async #openBucket(name: string, record: BucketRecord): Promise<void> {
    const bucket = new Bucket(name, record);
    for (const folder of await listFolder(this.#files, join(this.#root, name))) {
      if (!/^[0-9a-f]{64}$/.test(folder)) continue;
      const object = await StoredObject.open(this.#files, join(this.#root, name, folder));
      if (object !== undefined) bucket.update(object);
    }
    this.#buckets.set(name, bucket);
  }
}

/** @property end Exclusive. */
export interface ReadRange {
  readonly start: number;
  readonly end: number;
}
