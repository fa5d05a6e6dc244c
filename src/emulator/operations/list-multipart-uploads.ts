import { keyWriter } from '../listing/list-document.js';
import { readEncoding, readListText, readMaxKeys } from '../listing/list-parameters.js';
import { queryValue } from '../protocol/request.js';
import { type XmlElement, xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/**
 * Always empty: the emulator has no multipart uploads, but tools that empty a bucket list them.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/listmultipartuploads
 */
export const listMultipartUploads: Operation = {
  name: 'list-uploads',
  method: 'GET',
  target: 'bucket',
  flag: 'uploads',
  readsBody: false,

  async apply({ request, bucket }) {
    const isEncoded = readEncoding(request);
    const write = keyWriter(isEncoded);
    const encoding: XmlElement[] = isEncoded ? [['EncodingType', 'url']] : [];
    const isLimited = queryValue(request, 'max-uploads') !== undefined;
    return xmlAnswer([
      'ListMultipartUploadsResult',
      [
        ...encoding,
        ['Bucket', bucket],
        ['KeyMarker', write(readListText(request, 'key-marker'))],
        ['UploadIdMarker', queryValue(request, 'upload-id-marker') ?? ''],
        ['NextKeyMarker', ''],
        ['NextUploadIdMarker', ''],
        ['Delimiter', write(readListText(request, 'delimiter'))],
        ['Prefix', write(readListText(request, 'prefix'))],
        ['MaxUploads', String(isLimited ? readMaxKeys(request, 'max-uploads') : 1000)],
        ['IsTruncated', 'false'],
      ],
    ]);
  },
};
