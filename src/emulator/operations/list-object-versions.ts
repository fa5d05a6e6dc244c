import { keyWriter } from '../listing/list-document.js';
import { cutPage } from '../listing/list-page.js';
import { readListParameters, readListText } from '../listing/list-parameters.js';
import { owner } from '../objects/owner.js';
import { type XmlElement, xmlAnswer, xmlTime } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/**
 * Lists each object with one version, as for a bucket without versioning.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/listobjectversions
 */
export const listObjectVersions: Operation = {
  name: 'list-versions',
  method: 'GET',
  target: 'bucket',
  flag: 'versions',
  readsBody: false,

  async apply({ request, bucket, objects }) {
    const { prefix, delimiter, maxKeys, isEncoded } = readListParameters(request);
    const after = readListText(request, 'key-marker');
    const page = cutPage(objects.keys(bucket), { prefix, delimiter, after, maxEntries: maxKeys });
    const write = keyWriter(isEncoded);
    const versions = page.keys.flatMap((key): XmlElement[] => {
      const record = objects.find(bucket, key);
      if (record === undefined) return [];
      const { etag, type, length, lastModified, attributes } = record;
      return [
        [
          'Version',
          [
            ['Key', write(key)],
            ['VersionId', 'null'],
            ['IsLatest', 'true'],
            ['LastModified', xmlTime(lastModified)],
            ['ETag', etag],
            ['Type', type],
            ['Size', String(length)],
            ['StorageClass', attributes.storageClass],
            owner,
          ],
        ],
      ];
    });
    const next: XmlElement[] =
      page.next === undefined
        ? []
        : [
            ['NextKeyMarker', write(page.next)],
            ['NextVersionIdMarker', 'null'],
          ];
    return xmlAnswer([
      'ListVersionsResult',
      [
        ['Name', bucket],
        ['Prefix', write(prefix)],
        ['KeyMarker', write(after)],
        ['VersionIdMarker', ''],
        ['MaxKeys', String(maxKeys)],
        ['Delimiter', write(delimiter)],
        ...(isEncoded ? ([['EncodingType', 'url']] as const) : []),
        ['IsTruncated', String(page.next !== undefined)],
        ...next,
        ...versions,
        ...page.commonPrefixes.map(
          (text): XmlElement => ['CommonPrefixes', [['Prefix', write(text)]]],
        ),
      ],
    ]);
  },
};
