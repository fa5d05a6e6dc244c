import { Conversion } from './conversion.js';
import type { ConvertOptions, ConvertSource } from './convert-options.js';
import { resolveConversion } from './resolve-conversion.js';

/** What a conversion did. */
export interface ConvertResult {
  /** Key of the new object. */
  readonly key: string;

  /** Bytes of both objects: the position that the next append must name. */
  readonly position: number;

  /** CRC-64/XZ of both objects. */
  readonly crc64: bigint;

  /** Bytes that the new object had before, and that were not sent again. */
  readonly bytesPresent: number;

  /** Bytes that were appended. */
  readonly bytesWritten: number;
}

/**
 * Copies a Normal or Multipart object into a new appendable one, through this process: OSS cannot
 * change the type of an object. Content type, metadata, caching, expiry, disposition and encoding are
 * those of the source, byte for byte, as are storage class and server-side encryption, unless
 * `options` names others. Language, tags, ACL and a KMS key are not copied. The source is left as it
 * is.
 *
 * It can be repeated, also after it was killed: what the new object has already is compared with the
 * source by checksum, which reads the source again, and not sent again. Headers can be given to an
 * object only when it is created: one that has bytes of the source already keeps its own, and one that
 * is empty is refused unless it is known to have those of the source.
 *
 * @returns A promise that resolves when length and CRC-64 of both objects have been proved to be
 *   equal, and the source to be the object that it was at the start.
 * @throws {TypeError} If an option is of the wrong type, or both objects are the same.
 * @throws {RangeError} If an option is out of range.
 * @throws {SourceObjectError} If the source is missing, appendable, longer than 5 GiB, has a header
 *   that an append cannot send, or was changed.
 * @throws {NotAppendableError} If the new object exists and cannot be appended to.
 * @throws {ObjectExistsError} If it exists, is empty, and has other headers than it would be created
 *   with, or unknown ones: the source has bytes, so no conversion has made it.
 * @throws {DivergedError} If it has other bytes than the source, or another writer has appended.
 * @throws {ChecksumError} If the bytes were damaged on their way.
 * @throws {AppendError} If a request fails, as for {@link AppendWritable} and {@link AppendReadable}.
 * @throws {Error} With the name `AbortError` and the reason as its `cause`, if `signal` aborts.
 * @throws Whatever `onProgress` throws.
 *
 * @example Make a log appendable
 * ```ts
 * import { convertToAppendable } from 'oss-append-stream';
 *
 * const target = { region: 'cn-hangzhou', bucket: 'logs', key: 'app.log' };
 * const { position } = await convertToAppendable({ key: 'uploaded.log' }, target);
 * ```
 */
export async function convertToAppendable(
  source: ConvertSource,
  options: ConvertOptions,
): Promise<ConvertResult> {
  const resolved = resolveConversion(source, options);
  try {
    const conversion = new Conversion(resolved);
    const crc64 = await conversion.finish();
    const { length: position, bytesPresent } = conversion;
    const bytesWritten = position - bytesPresent;
    return { key: resolved.target.key, position, crc64, bytesPresent, bytesWritten };
  } finally {
    await Promise.all(resolved.ownClients.map((client) => client.close()));
  }
}
