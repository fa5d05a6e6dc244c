import { pipeline } from 'node:stream/promises';
import type { ObjectState } from '../append/append-client.js';
import { assertAppendable } from '../append/open-object.js';
import { ChecksumError, DivergedError } from '../errors.js';
import { AppendWritable } from '../stream/append-writable.js';
import { abortError } from '../stream/node-errors.js';
import { assertCopyable } from './assert-copyable.js';
import { assertSameHeaders } from './assert-same-headers.js';
import { CopyingClient } from './copying-client.js';
import { type AccessOptions, ObjectAccess } from './object-access.js';
import type { ResolvedConversion } from './resolve-conversion.js';
import { SourceObject } from './source-object.js';

/** Converts one object, or goes on where another conversion of it was killed. */
export class Conversion {
  readonly #options: ResolvedConversion;
  readonly #access: AccessOptions;
  readonly #target: ObjectAccess;
  readonly #onStream: (stream: AppendWritable) => void;

  /** Ends all requests, also one that the stream that appends has left behind. */
  readonly #abort = new AbortController();
  #length = 0;
  #bytesPresent = 0;
  #bytesCompared = 0;
  #stream: AppendWritable | undefined;

  /** @param onStream Called with the stream before the first write; not if nothing is missing. */
  constructor(options: ResolvedConversion, onStream: (stream: AppendWritable) => void = () => {}) {
    this.#options = options;
    const signals = [this.#abort.signal, options.append.signal].filter((it) => it !== undefined);
    this.#access = { ...options.access, signal: AbortSignal.any(signals) };
    this.#target = new ObjectAccess(options.target, this.#access);
    this.#onStream = onStream;
  }

  /** Bytes of the source; 0 before it has been found. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that the new object had before. */
  get bytesPresent(): number {
    return this.#bytesPresent;
  }

  /** How many of those have been compared with the source. */
  get bytesCompared(): number {
    return this.#bytesCompared;
  }

  /** The stream that appends; `undefined` before it is created, and if nothing was missing. */
  get stream(): AppendWritable | undefined {
    return this.#stream;
  }

  /**
   * Resolves with the checksum when the new object is proved to have the bytes of the source.
   *
   * @throws {SourceObjectError} If the source cannot be converted, or was changed.
   * @throws {NotAppendableError} If the new object exists and cannot be appended to.
   * @throws {ObjectExistsError} If it exists, is empty, and was created with other headers.
   * @throws {DivergedError} If it has other bytes than the source.
   * @throws {ChecksumError} If the bytes were damaged on their way.
   * @throws {Error} If a request fails, or the stream that appends; an `AbortError` if `signal` aborts.
   * @throws Whatever `onProgress` throws.
   */
  async finish(): Promise<bigint> {
    try {
      return await this.#convert();
    } catch (error) {
      const { signal } = this.#options.append;
      // As a stream that the signal ends.
      throw signal?.aborted && error === signal.reason ? abortError(error) : error;
    } finally {
      this.#abort.abort();
    }
  }

  async #convert(): Promise<bigint> {
    const access = new ObjectAccess(this.#options.source, this.#access);
    const source = await SourceObject.find(access);
    this.#length = source.length;
    const before = await this.#target.ask();
    if (before !== undefined) await this.#compare(source, before);
    if (before === undefined || before.length < source.length) await this.#append(source, before);
    await this.#prove(source);
    return source.crc64Read.value;
  }

  /** Compares the checksum of what the new object has with that of as many bytes of the source. */
  async #compare(source: SourceObject, before: ObjectState): Promise<void> {
    // A complete copy may be sealed: then there is nothing to append.
    const isComplete = before.appendable && before.length === source.length;
    if (!isComplete) assertAppendable(this.#target.key, before);
    if (before.length > source.length) {
      throw this.#difference(source, before.length, `and the source ${source.length}`);
    }
    this.#bytesPresent = before.length;
    for await (const piece of source.read(0, before.length)) {
      this.#bytesCompared += piece.byteLength;
      this.#tellProgress();
    }
    if ((await this.#target.checksumOf(before)) !== source.crc64Read.value) {
      throw this.#difference(source, before.length, 'which are not the first ones of the source');
    }
  }

  async #append(source: SourceObject, before: ObjectState | undefined): Promise<void> {
    const { target, append, creation } = this.#options;
    const copied = { ...source.creation, ...creation };
    assertCopyable(source.key, copied);
    // A conversion that was killed has left bytes: somebody else has created this one.
    if (before?.length === 0) assertSameHeaders(target.key, before, copied);
    const stream = new AppendWritable({
      ...append,
      key: target.key,
      client: new CopyingClient(target.client, copied),
      position: this.#bytesPresent,
      // So that the chunks are those of a conversion that was killed: its last one may still land.
      flushInterval: Number.POSITIVE_INFINITY,
    });
    // What a listener throws would be an uncaught exception, and would not end the conversion.
    const thrown: unknown[] = [];
    stream.on('commit', () => {
      try {
        if (thrown.length === 0) this.#tellProgress();
      } catch (cause) {
        thrown.push(cause);
        stream.destroy(new Error("'onProgress' threw an error", { cause }));
      }
    });
    this.#stream = stream;
    this.#onStream(stream);
    try {
      await pipeline(source.read(this.#bytesPresent, source.length), stream);
    } catch (error) {
      // Not what the pipeline makes of two errors, where reading has failed after the stream.
      if (thrown.length === 0) throw stream.errored ?? error;
    }
    if (thrown.length > 0) throw thrown[0];
  }

  async #prove(source: SourceObject): Promise<void> {
    const { key } = this.#target;
    const made = await this.#target.ask();
    if (made?.length !== source.length) {
      throw this.#difference(source, made?.length ?? 0, `and the source ${source.length}`);
    }
    this.#assertChecksum(source, source.key, source.crc64 ?? source.crc64Read.value);
    this.#assertChecksum(source, key, await this.#target.checksumOf(made));
    await source.assertUnchanged();
  }

  /** @param actual CRC-64 of the object `key`. */
  #assertChecksum(source: SourceObject, key: string, actual: bigint): void {
    const expected = source.crc64Read.value;
    if (actual === expected) return;
    throw new ChecksumError(
      `Cannot convert "${source.key}": the CRC-64 of "${key}" is ${actual}, and that of the bytes read is ${expected}. Delete "${this.#target.key}" and try again`,
      { key, expected, actual },
    );
  }

  #difference(source: SourceObject, actualLength: number, how: string): DivergedError {
    const { key } = this.#target;
    return new DivergedError(
      `Cannot convert "${source.key}" to "${key}": that object has ${actualLength} bytes, ${how}`,
      { key, position: this.#bytesPresent, actualLength },
    );
  }

  #tellProgress(): void {
    const { onProgress } = this.#options;
    const position = this.#stream?.position ?? this.#bytesPresent;
    onProgress({ length: this.#length, bytesCompared: this.#bytesCompared, position });
  }
}
