import type { ObjectState } from '../append/append-client.js';
import { maxAppendableObjectSize } from '../append/append-target.js';
import { SourceObjectError } from '../errors.js';
import { count } from '../quantity.js';
import type { ObjectReader } from '../read/object-reader.js';
import type { ObjectAccess } from './object-access.js';

const convertibleTypes: readonly (string | undefined)[] = ['normal', 'multipart'];

/** The object that is converted, which must stay as it was found. */
export class SourceObject {
  readonly #access: ObjectAccess;
  readonly #found: ObjectState;
  readonly reader: ObjectReader;

  /** @throws {SourceObjectError} If it is missing, of another type, or too long. */
  static async find(access: ObjectAccess): Promise<SourceObject> {
    const found = assertConvertible(access.key, await access.ask());
    return new SourceObject(access, found, await access.createReader());
  }

  private constructor(access: ObjectAccess, found: ObjectState, reader: ObjectReader) {
    this.#access = access;
    this.#found = found;
    this.reader = reader;
  }

  get key(): string {
    return this.#access.key;
  }

  get length(): number {
    return this.#found.length;
  }

  /** CRC-64, if the store returned it. */
  get crc64(): bigint | undefined {
    return this.#found.crc64;
  }

  /** What a new object like this one is created with. */
  get creation(): ObjectState['creation'] {
    return this.#found.creation;
  }

  /**
   * Reads a part of it with {@link reader}.
   *
   * @throws {SourceObjectError} If reading fails and the object was changed.
   */
  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    try {
      yield* this.#access.read(this.reader, { start, end }, this.#found.etag);
    } catch (error) {
      const now = await this.#access.ask().catch(() => this.#found);
      throw this.#isUnchanged(now) ? error : this.#changed(error as Error);
    }
  }

  /** @throws {SourceObjectError} If the object was changed. */
  async assertUnchanged(): Promise<void> {
    if (!this.#isUnchanged(await this.#access.ask())) throw this.#changed();
  }

  #isUnchanged(now: ObjectState | undefined): boolean {
    const { etag, length, crc64 } = this.#found;
    return now?.etag === etag && now?.length === length && now.crc64 === crc64;
  }

  #changed(cause?: Error): SourceObjectError {
    const { key } = this;
    return new SourceObjectError(
      `Cannot convert "${key}": the object was changed or deleted meanwhile. Delete the new object, a copy of what it was, and try again`,
      { key, reason: 'changed' },
      { cause },
    );
  }
}

function assertConvertible(key: string, found: ObjectState | undefined): ObjectState {
  const what = `Cannot convert "${key}"`;
  if (found === undefined) {
    throw new SourceObjectError(`${what}: the object does not exist`, { key, reason: 'missing' });
  }
  const { appendable, objectType = 'unknown', length } = found;
  if (appendable || !convertibleTypes.includes(objectType.toLowerCase())) {
    const why = appendable
      ? 'can be appended to already'
      : `is of type ${objectType}, not Normal or Multipart`;
    throw new SourceObjectError(`${what}: the object ${why}`, { key, reason: 'type' });
  }
  if (length > maxAppendableObjectSize) {
    const long = `the object is ${count(length, 'byte')} long`;
    throw new SourceObjectError(
      `${what}: ${long}, and an appendable one has at most ${maxAppendableObjectSize}`,
      { key, reason: 'length' },
    );
  }
  return found;
}
