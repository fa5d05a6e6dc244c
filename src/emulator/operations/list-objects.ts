import { keyWriter, listElements } from '../listing/list-document.js';
import { cutPage } from '../listing/list-page.js';
import { readListParameters, readListText } from '../listing/list-parameters.js';
import { type XmlElement, xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/listobjects */
export const listObjects: Operation = {
  name: 'list',
  method: 'GET',
  target: 'bucket',
  readsBody: false,

  async apply({ request, bucket, objects }) {
    const parameters = readListParameters(request);
    const marker = readListText(request, 'marker');
    const page = cutPage(objects.keys(bucket), {
      ...parameters,
      after: marker,
      maxEntries: parameters.maxKeys,
    });
    const records = page.keys.flatMap((key) => objects.find(bucket, key) ?? []);
    const write = keyWriter(parameters.isEncoded);
    const next: XmlElement[] = page.next === undefined ? [] : [['NextMarker', write(page.next)]];
    const elements = listElements({ ...page, records }, parameters, {
      bucket,
      start: [['Marker', write(marker)]],
      next,
      withOwner: true,
    });
    return xmlAnswer(['ListBucketResult', elements]);
  },
};
