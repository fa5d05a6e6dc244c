import type { ObjectState } from '../append/append-client.js';
import { maxAppendableObjectSize } from '../append/append-target.js';
import { loadCrc64, RunningCrc64 } from '../crc64.js';
import { SourceObjectError } from '../errors.js';
import { isEntityTag } from '../oss/request/oss-request.js';
import { count } from '../quantity.js';
import type { ObjectAccess } from './object-access.js';

const convertibleTypes: readonly (string | undefined)[] = ['normal', 'multipart'];

/** The object that is converted, which must stay as it was found. */
export class SourceObject {
  readonly #access: ObjectAccess;
  readonly #found: ObjectState;

  /** Of the bytes read so far. */
  readonly crc64Read: RunningCrc64;

  /** @throws {SourceObjectError} If it is missing, of another type, or too long. */
  static async find(access: ObjectAccess): Promise<SourceObject> {
    const found = assertConvertible(access.key, await access.ask());
    return new SourceObject(access, found, new RunningCrc64(await loadCrc64()));
  }

  private constructor(access: ObjectAccess, found: ObjectState, crc64Read: RunningCrc64) {
    this.#access = access;
    this.#found = found;
    this.crc64Read = crc64Read;
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
   * Reads a part of it, and adds it to {@link crc64Read}.
   *
   * @throws {SourceObjectError} If reading fails and the object was changed.
   */
  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    try {
      const { etag } = this.#found;
      // Without it a change is noticed at the end only.
      const ifMatch = isEntityTag(etag) ? etag : undefined;
      yield* this.#access.read({ start, end, ifMatch }, this.crc64Read);
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
