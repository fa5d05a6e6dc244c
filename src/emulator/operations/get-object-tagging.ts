import { noSuchKey } from '../protocol/oss-error.js';
import { type XmlElement, xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/getobjecttagging */
export const getObjectTagging: Operation = {
  name: 'object-tagging',
  method: 'GET',
  target: 'object',
  flag: 'tagging',
  readsBody: false,

  async apply({ bucket, key, objects }) {
    const record = objects.find(bucket, key);
    if (record === undefined) throw noSuchKey(key);
    const tags = record.attributes.tags.map(
      (tag): XmlElement => [
        'Tag',
        [
          ['Key', tag.key],
          ['Value', tag.value],
        ],
      ],
    );
    return xmlAnswer(['Tagging', [['TagSet', tags]]]);
  },
};
