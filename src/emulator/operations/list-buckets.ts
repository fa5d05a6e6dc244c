import { cutPage } from '../listing/list-page.js';
import { readListText, readMaxKeys } from '../listing/list-parameters.js';
import { bucketElements } from '../objects/bucket-document.js';
import { owner } from '../objects/owner.js';
import { type XmlElement, xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/listbuckets */
export const listBuckets: Operation = {
  name: 'list-buckets',
  method: 'GET',
  target: 'service',
  readsBody: false,

  async apply({ request, objects, region }) {
    const prefix = readListText(request, 'prefix');
    const marker = readListText(request, 'marker');
    const maxKeys = readMaxKeys(request);
    const page = cutPage(objects.buckets, {
      prefix,
      delimiter: '',
      after: marker,
      maxEntries: maxKeys,
    });
    const buckets = page.keys.flatMap((name): XmlElement[] => {
      const record = objects.findBucket(name);
      return record === undefined
        ? []
        : [['Bucket', bucketElements(name, record, { region, request })]];
    });
    return xmlAnswer([
      'ListAllMyBucketsResult',
      [...truncation({ prefix, marker, maxKeys, next: page.next }), owner, ['Buckets', buckets]],
    ]);
  },
};

/** OSS sends these elements only in a truncated listing. */
function truncation(cut: {
  readonly prefix: string;
  readonly marker: string;
  readonly maxKeys: number;
  readonly next: string | undefined;
}): readonly XmlElement[] {
  if (cut.next === undefined) return [];
  return [
    ['Prefix', cut.prefix],
    ['Marker', cut.marker],
    ['MaxKeys', String(cut.maxKeys)],
    ['IsTruncated', 'true'],
    ['NextMarker', cut.next],
  ];
}
