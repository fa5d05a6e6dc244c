import { readToken, writeToken } from '../listing/continuation-token.js';
import { keyWriter, listElements } from '../listing/list-document.js';
import { cutPage } from '../listing/list-page.js';
import { readListParameters, readListText } from '../listing/list-parameters.js';
import { invalidValue } from '../protocol/oss-error.js';
import { queryValue } from '../protocol/request.js';
import { type XmlElement, xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/listobjectsv2 */
export const listObjectsV2: Operation = {
  name: 'list',
  method: 'GET',
  target: 'bucket',
  flag: 'list-type',
  readsBody: false,

  async apply({ request, bucket, objects }) {
    const version = queryValue(request, 'list-type') ?? '';
    if (version !== '2') throw invalidValue('list-type', version);
    const parameters = readListParameters(request);
    const startAfter = readListText(request, 'start-after');
    const token = queryValue(request, 'continuation-token') ?? '';
    const page = cutPage(objects.keys(bucket), {
      ...parameters,
      after: token === '' ? startAfter : readToken(token),
      maxEntries: parameters.maxKeys,
    });
    const records = page.keys.flatMap((key) => objects.find(bucket, key) ?? []);
    const write = keyWriter(parameters.isEncoded);
    const elements = listElements({ ...page, records }, parameters, {
      bucket,
      start: [
        ...optional('StartAfter', write(startAfter)),
        ...optional('ContinuationToken', token),
      ],
      next: optional('NextContinuationToken', page.next && writeToken(page.next)),
      withOwner: queryValue(request, 'fetch-owner') === 'true',
    });
    const keyCount = page.keys.length + page.commonPrefixes.length;
    return xmlAnswer(['ListBucketResult', [...elements, ['KeyCount', String(keyCount)]]]);
  },
};

function optional(name: string, text: string | undefined): readonly XmlElement[] {
  return text === undefined || text === '' ? [] : [[name, text]];
}
