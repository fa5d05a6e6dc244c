/** What a request may fix about an object when it brings it into existence. */
export interface ObjectAttributes {
  /** Headers kept and echoed as they came: content type, caching, `x-oss-meta-*` and the like. */
  readonly headers: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly acl: string;
  readonly tags: readonly ObjectTag[];
}

export interface ObjectTag {
  readonly key: string;
  readonly value: string;
}

/** Everything about an object but its bytes. Replaced as a whole, never changed. */
export interface ObjectRecord {
  readonly key: string;
  readonly type: 'Appendable' | 'Normal';
  readonly length: number;

  /** CRC-64 of all `length` bytes. */
  readonly crc64: bigint;
  readonly etag: string;

  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly attributes: ObjectAttributes;

  /** Milliseconds since 1970; present once no append is allowed any more. */
  readonly sealedAt?: number;

  /** Name of the segment files that hold the bytes; another one after every replacement. */
  readonly dataName: string;
}

export function serializeRecord(record: ObjectRecord): string {
  return JSON.stringify({ ...record, crc64: String(record.crc64) });
}

/** @throws {Error} If `text` is not a record. */
export function parseRecord(text: string): ObjectRecord {
  const record: Omit<ObjectRecord, 'crc64'> & { readonly crc64: string } = JSON.parse(text);
  return { ...record, crc64: BigInt(record.crc64) };
}
