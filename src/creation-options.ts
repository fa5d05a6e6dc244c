import type { ObjectCreation } from './append/append-client.js';
import { assertOneOf, rangeError, typeError } from './assertions.js';
import { creationHeaders } from './oss/creation-headers.js';

/** How the object is dressed by the append that creates it; an object that exists is left as it is. */
export interface CreationOptions extends ObjectCreation {
  /** MIME type of the object. */
  readonly contentType?: string | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;

  /** When caches may no longer serve the object. */
  readonly expires?: Date | undefined;
  readonly acl?: 'default' | 'private' | 'public-read' | 'public-read-write' | undefined;

  /** Cold archives are refused: OSS cannot append there. */
  readonly storageClass?: 'Standard' | 'IA' | 'Archive' | undefined;

  /** User metadata (`x-oss-meta-*`), at most 8 KB with its names. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;

  /** Object tags. */
  readonly tagging?: Readonly<Record<string, string>> | undefined;
  readonly serverSideEncryption?: 'AES256' | 'KMS' | 'SM4' | undefined;
}

/**
 * Most bytes of user metadata, names included.
 *
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
 */
const maxMetadataSize = 8 * 1024;

/**
 * Picks the creation options out of `options` and checks them; the result holds no `undefined`.
 *
 * @throws {TypeError} If one is of the wrong type or cannot be sent in a header.
 * @throws {RangeError} If one is out of range.
 */
export function resolveCreation(options: CreationOptions): ObjectCreation {
  const { expires, acl, storageClass, metadata, tagging, serverSideEncryption } = options;
  const { contentType, cacheControl, contentDisposition, contentEncoding } = options;
  const creation = {
    ...{ contentType, cacheControl, contentDisposition, contentEncoding, expires },
    ...{ acl, storageClass, metadata, tagging, serverSideEncryption },
  };
  const given = Object.entries(creation).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) validators[name]?.(value);
  const resolved = Object.fromEntries(given);
  creationHeaders(resolved);
  return resolved;
}

/** Rules beyond what fits into a header. */
const validators: Record<string, (value: unknown) => void> = {
  acl(value) {
    assertOneOf('acl', value, ['default', 'private', 'public-read', 'public-read-write']);
  },
  storageClass(value) {
    assertOneOf('storageClass', value, ['Standard', 'IA', 'Archive']);
  },
  serverSideEncryption(value) {
    assertOneOf('serverSideEncryption', value, ['AES256', 'KMS', 'SM4']);
  },
  metadata(value) {
    assertRecord('metadata', value);
    const size = Buffer.byteLength(Object.entries(value).flat().join(''));
    if (size > maxMetadataSize) {
      throw rangeError('metadata', `at most ${maxMetadataSize} bytes with its names`, size);
    }
  },
  tagging(value) {
    assertRecord('tagging', value);
  },
};

function assertRecord(
  name: string,
  value: unknown,
): asserts value is Readonly<Record<string, string>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord || Object.values(value).some((text) => typeof text !== 'string')) {
    throw typeError(name, 'a record of strings', value);
  }
}
