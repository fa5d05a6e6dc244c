import type { ObjectRecord } from '../objects/object-record.js';
import { owner } from '../objects/owner.js';
import { type XmlElement, xmlTime } from '../protocol/xml-document.js';
import type { Page } from './list-page.js';
import { encodeKey, type ListParameters } from './list-parameters.js';

/** The parts in which the two versions of a listing differ. */
export interface ListWords {
  readonly bucket: string;

  /** Start of the page: `Marker`, or `StartAfter` and `ContinuationToken`. */
  readonly start: readonly XmlElement[];

  /** Start of the next page; empty on the last page. */
  readonly next: readonly XmlElement[];
  readonly withOwner: boolean;
}

/**
 * Returns the elements of a `ListBucketResult`, in OSS's order.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/listobjects
 * @see https://help.aliyun.com/zh/oss/developer-reference/listobjectsv2
 */
export function listElements(
  page: Page & { readonly records: readonly ObjectRecord[] },
  { prefix, delimiter, maxKeys, isEncoded }: ListParameters,
  { bucket, start, next, withOwner }: ListWords,
): readonly XmlElement[] {
  const write = keyWriter(isEncoded);
  const encoding: XmlElement[] = isEncoded ? [['EncodingType', 'url']] : [];
  return [
    ['Name', bucket],
    ['Prefix', write(prefix)],
    ...start,
    ['MaxKeys', String(maxKeys)],
    ['Delimiter', write(delimiter)],
    ...encoding,
    ['IsTruncated', String(page.next !== undefined)],
    ...next,
    ...page.records.map((record) => contentsElement(record, write, withOwner ? [owner] : [])),
    ...page.commonPrefixes.map((text): XmlElement => ['CommonPrefixes', [['Prefix', write(text)]]]),
  ];
}

/** Returns the function that writes keys and prefixes. */
export function keyWriter(isEncoded: boolean): (key: string) => string {
  return isEncoded ? encodeKey : (key) => key;
}

function contentsElement(
  record: ObjectRecord,
  write: (key: string) => string,
  ownerElements: readonly XmlElement[],
): XmlElement {
  return [
    'Contents',
    [
      ['Key', write(record.key)],
      ['LastModified', xmlTime(record.lastModified)],
      ['ETag', record.etag],
      ['Type', record.type],
      ['Size', String(record.length)],
      ['StorageClass', record.attributes.storageClass],
      ...ownerElements,
    ],
  ];
}
