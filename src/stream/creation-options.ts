import type { ObjectCreation } from '../append/append-client.js';
import { assertOneOf, isRecord, rangeError, typeError } from '../assertions.js';
import { creationHeaders } from '../oss/request/creation-headers.js';

/** Every option of {@link ObjectCreation}; the compiler checks that none is missing. */
export const creationOptionNames = {
  contentType: true,
  cacheControl: true,
  contentDisposition: true,
  contentEncoding: true,
  expires: true,
  acl: true,
  storageClass: true,
  metadata: true,
  tagging: true,
  serverSideEncryption: true,
} satisfies Record<keyof ObjectCreation, true>;

const creationNames = Object.keys(creationOptionNames) as (keyof ObjectCreation)[];

/**
 * Maximum bytes of user metadata, including names.
 *
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
 */
const maxMetadataSize = 8 * 1024;

/**
 * Picks, checks and copies the creation options of `options`; copies, because the object may be
 * created much later. The result contains no `undefined`.
 *
 * @throws {TypeError} If one is of the wrong type or cannot be sent in a header.
 * @throws {RangeError} If one is out of range.
 */
export function resolveCreation(act: string, options: ObjectCreation): ObjectCreation {
  const all = creationNames.map((name) => [name, options[name]] as const);
  const given = all.filter(([, value]) => value !== undefined);
  for (const [name, value] of given) validators[name]?.(act, value);
  const resolved = Object.fromEntries(given.map(([name, value]) => [name, copy(value)]));
  creationHeaders(resolved);
  return resolved;
}

function copy(value: unknown): unknown {
  if (value instanceof Date) return new Date(value);
  return typeof value === 'object' && value !== null ? { ...value } : value;
}

/** Rules in addition to those of headers. */
const validators: Record<string, (act: string, value: unknown) => void> = {
  acl(act, value) {
    assertOneOf(act, 'acl', value, ['default', 'private', 'public-read', 'public-read-write']);
  },
  storageClass(act, value) {
    assertOneOf(act, 'storageClass', value, ['Standard', 'IA', 'Archive']);
  },
  serverSideEncryption(act, value) {
    assertOneOf(act, 'serverSideEncryption', value, ['AES256', 'KMS', 'SM4']);
  },
  metadata(act, value) {
    assertRecord(act, 'metadata', value);
    const size = Buffer.byteLength(Object.entries(value).flat().join(''));
    if (size > maxMetadataSize) {
      throw rangeError(act, 'metadata', `at most ${maxMetadataSize} bytes with its names`, size);
    }
  },
  tagging(act, value) {
    assertRecord(act, 'tagging', value);
  },
};

function assertRecord(
  act: string,
  name: string,
  value: unknown,
): asserts value is Readonly<Record<string, string>> {
  if (!isRecord(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw typeError(act, name, 'a record of strings', value);
  }
}
