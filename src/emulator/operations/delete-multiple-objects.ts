import type { Content } from '../content.js';
import { assertDigest } from '../content-digest.js';
import { keyWriter } from '../list-document.js';
import { readEncoding } from '../list-parameters.js';
import { OssError } from '../oss-error.js';
import { childrenOf, malformedXml, maxXmlSize, parseXmlBody, textOf } from '../xml-body.js';
import { type XmlElement, xmlAnswer } from '../xml-document.js';
import type { Operation } from './operation.js';

const maxKeys = 1000;

/** @see https://help.aliyun.com/zh/oss/developer-reference/deletemultipleobjects */
export const deleteMultipleObjects: Operation = {
  name: 'delete-objects',
  method: 'POST',
  target: 'bucket',
  flag: 'delete',
  readsBody: true,
  maxBodySize: maxXmlSize,

  check({ request }) {
    readEncoding(request);
    if (request.headers.has('content-md5')) return;
    throw new OssError(400, 'MissingArgument', 'Missing Some Required Arguments.', {
      ec: '0016-00000606',
      extras: { ArgumentName: 'Content-MD5' },
    });
  },

  async apply({ request, bucket, objects }, body) {
    await assertDigest(request.headers, body);
    const { keys, isQuiet } = readDeletion(body);
    for (const key of keys) {
      await objects.exclusively(bucket, key, (object) => object.delete());
    }
    if (isQuiet) return { status: 200, headers: { 'content-length': '0' } };
    const isEncoded = readEncoding(request);
    const write = keyWriter(isEncoded);
    const encoding: XmlElement[] = isEncoded ? [['EncodingType', 'url']] : [];
    const deleted = keys.map((key): XmlElement => ['Deleted', [['Key', write(key)]]]);
    return xmlAnswer(['DeleteResult', [...encoding, ...deleted]]);
  },
};

function readDeletion(body: Content): { keys: readonly string[]; isQuiet: boolean } {
  const deletion = parseXmlBody(body, 'Delete');
  const keys = childrenOf(deletion, 'Object').map((object) => textOf(object, 'Key') ?? '');
  if (keys.length === 0 || keys.length > maxKeys || keys.includes('')) throw malformedXml();
  return { keys, isQuiet: textOf(deletion, 'Quiet')?.trim().toLowerCase() === 'true' };
}
