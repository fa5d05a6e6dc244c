import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { combineCrc64 } from '../../crc64.js';
import type { Content } from '../storage/content.js';
import { type FileSystem, readText } from '../storage/file-system.js';
import { SegmentedFile } from '../storage/segmented-file.js';
import {
  type ObjectAttributes,
  type ObjectRecord,
  parseRecord,
  serializeRecord,
} from './object-record.js';

/** The properties that every write changes. */
export type WriteStamp = Pick<ObjectRecord, 'etag' | 'lastModified'>;

export const recordFile = 'object.json';
const newRecordFile = 'object.json.new';

/**
 * The object of one key: a record and its bytes, in a folder of its own. Does not apply the rules
 * of OSS; callers check them and have exclusive access (see {@link ObjectStore.exclusively}).
 *
 * The bytes are written first, then the record is renamed into place. So after a crash all bytes of
 * the record exist, and `open()` truncates bytes after them.
 */
export class StoredObject {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #key: string;
  #record: ObjectRecord | undefined;

  /** The bytes of `#record`; set if and only if `#record` is. */
  #data: SegmentedFile | undefined;

  constructor(files: FileSystem, folder: string, key: string) {
    this.#files = files;
    this.#folder = folder;
    this.#key = key;
  }

  /** Opens a folder, even after a crash; `undefined` if it has no object. */
  static async open(files: FileSystem, folder: string): Promise<StoredObject | undefined> {
    const text = await readText(files, join(folder, recordFile));
    if (text === undefined) {
      await files.promises.rm(folder, { recursive: true, force: true });
      return undefined;
    }
    const record = parseRecord(text);
    const object = new StoredObject(files, folder, record.key);
    object.#record = record;
    object.#data = new SegmentedFile(files, folder, record.dataName);
    await object.#data.restore(record.length, recordFile);
    return object;
  }

  get key(): string {
    return this.#key;
  }

  /** `undefined` if the object does not exist. */
  get record(): ObjectRecord | undefined {
    return this.#record;
  }

  /**
   * Appends bytes.
   *
   * @param creation Attributes of the object if this append creates it.
   */
  async append(
    content: Content,
    stamp: WriteStamp,
    creation: ObjectAttributes,
  ): Promise<ObjectRecord> {
    const base = this.#record ?? this.#emptyRecord('Appendable', creation);
    const data = this.#data ?? (await this.#createData(base.dataName));
    await data.write(base.length, content.pieces);
    return this.#commit(data, {
      ...base,
      ...stamp,
      length: base.length + content.byteLength,
      crc64: combineCrc64(base.crc64, content.crc64, content.byteLength),
    });
  }

  /** Creates a Normal object, or replaces an object by one. */
  async replace(
    content: Content,
    stamp: WriteStamp,
    attributes: ObjectAttributes,
  ): Promise<ObjectRecord> {
    const base = this.#emptyRecord('Normal', attributes);
    const before = this.#data;
    const data = await this.#createData(base.dataName);
    await data.write(0, content.pieces);
    const { byteLength: length, crc64 } = content;
    const record = await this.#commit(data, { ...base, ...stamp, length, crc64 });
    await before?.remove();
    return record;
  }

  /** Refuses further appends. A repeated call keeps the first time. */
  async seal(sealedAt: number): Promise<ObjectRecord> {
    if (this.#record === undefined || this.#data === undefined) {
      throw new Error(`Cannot seal "${this.#key}": there is no object`);
    }
    return this.#commit(this.#data, { sealedAt, ...this.#record });
  }

  /** Replaces the attributes; bytes and `lastModified` stay. */
  async setAttributes(attributes: ObjectAttributes): Promise<ObjectRecord> {
    if (this.#record === undefined || this.#data === undefined) {
      throw new Error(`Cannot describe "${this.#key}": there is no object`);
    }
    return this.#commit(this.#data, { ...this.#record, attributes });
  }

  async delete(): Promise<void> {
    const data = this.#data;
    if (data === undefined) return;
    await this.#files.promises.rm(join(this.#folder, recordFile), { recursive: true, force: true });
    this.#record = undefined;
    this.#data = undefined;
    const isGone = await data.remove();
    if (isGone) await this.#files.promises.rm(this.#folder, { recursive: true, force: true });
  }

  /** Reads `[start, end)` of the current bytes, even if the object is changed meanwhile. */
  read(start: number, end: number): AsyncIterable<Buffer> {
    if (this.#data === undefined) throw new Error(`Cannot read "${this.#key}": there is no object`);
    return this.#data.read(start, end);
  }

  #emptyRecord(type: ObjectRecord['type'], attributes: ObjectAttributes): ObjectRecord {
    const dataName = randomBytes(8).toString('hex');
    const nothing = { length: 0, crc64: 0n, etag: '', lastModified: 0 };
    return { key: this.#key, type, attributes, dataName, ...nothing };
  }

  async #createData(name: string): Promise<SegmentedFile> {
    await this.#files.promises.mkdir(this.#folder, { recursive: true });
    return new SegmentedFile(this.#files, this.#folder, name);
  }

  async #commit(data: SegmentedFile, record: ObjectRecord): Promise<ObjectRecord> {
    const newPath = join(this.#folder, newRecordFile);
    await this.#files.promises.writeFile(newPath, serializeRecord(record));
    await this.#files.promises.rename(newPath, join(this.#folder, recordFile));
    this.#record = record;
    this.#data = data;
    return record;
  }
}
