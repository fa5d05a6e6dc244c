/**
 * Maximum length of an appendable object: 5 GiB.
 *
 * @see https://www.alibabacloud.com/help/en/oss/developer-reference/appendobject
 */
export const maxAppendableObjectSize = 5 * 2 ** 30;

/** OSS documents 5 GB as the maximum length of an object, and not which, nor how it refuses more. */
export const leastObjectLimit = 5e9;

/** The object that is appended to, as confirmed by opening it, by receipts and by reconciling. */
export interface AppendTarget {
  readonly key: string;

  /** Length of the object in bytes: the position that the next append must name. */
  readonly position: number;

  /** CRC-64 of those bytes; `undefined` if the store returns no checksums. */
  readonly crc64: bigint | undefined;

  /** Whether the object exists; if not, the next append creates it. */
  readonly exists: boolean;
}
