/** Attributes that a request can set when it creates an object. */
export interface ObjectAttributes {
  /** Headers stored and returned unchanged, such as content type, caching and `x-oss-meta-*`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly acl: string;
  readonly tags: readonly ObjectTag[];
}

export interface ObjectTag {
  readonly key: string;
  readonly value: string;
}

/** Everything about an object except its bytes. Immutable: a change replaces the record. */
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

  /** Milliseconds since 1970; set once the object is sealed. */
  readonly sealedAt?: number;

  /** Base name of the segment files with the bytes; each replacement gets a new one. */
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
