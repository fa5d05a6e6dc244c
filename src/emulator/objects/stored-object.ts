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

/** What changes with every write. */
export type WriteStamp = Pick<ObjectRecord, 'etag' | 'lastModified'>;

export const recordFile = 'object.json';
const newRecordFile = 'object.json.new';

/**
 * One key's object: a record and its bytes, in a folder of its own. Knows nothing of OSS's rules;
 * who calls has checked them and has the object to itself (see {@link ObjectStore.exclusively}).
 *
 * The bytes are written first, the record after them, by renaming it into place: whoever opens the
 * folder after a crash finds a record whose bytes are all there, and cuts off what has none.
 */
export class StoredObject {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #key: string;
  #record: ObjectRecord | undefined;

  /** The bytes of `#record`: there whenever it is. */
  #data: SegmentedFile | undefined;

  constructor(files: FileSystem, folder: string, key: string) {
    this.#files = files;
    this.#folder = folder;
    this.#key = key;
  }

  /** Opens a folder as a crash may have left it; `undefined` if there is no object in it. */
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

  /** `undefined` where there is no object. */
  get record(): ObjectRecord | undefined {
    return this.#record;
  }

  /**
   * Adds bytes at the end.
   *
   * @param creation Attributes the object gets if this brings it into existence.
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

  /** Puts a Normal object where there was another one or none. */
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

  /** Allows no append any more. The first time counts. */
  async seal(sealedAt: number): Promise<ObjectRecord> {
    if (this.#record === undefined || this.#data === undefined) {
      throw new Error(`Cannot seal "${this.#key}": there is no object`);
    }
    return this.#commit(this.#data, { sealedAt, ...this.#record });
  }

  /** Puts other attributes in the place of those the object has; its bytes and its age stay. */
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

  /** Reads `[start, end)` of the object as it is now, whatever becomes of it meanwhile. */
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
