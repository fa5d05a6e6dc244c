import { childrenOf } from '../../xml-node.js';
import { assertDigest } from '../checks/content-digest.js';
import { keyWriter } from '../listing/list-document.js';
import { readEncoding, readEncodingHeader } from '../listing/list-parameters.js';
import { missingArgument } from '../protocol/oss-error.js';
import type { OssRequest } from '../protocol/request.js';
import { malformedXml, maxXmlSize, parseXmlBody, textOf } from '../protocol/xml-body.js';
import { type XmlElement, xmlAnswer } from '../protocol/xml-document.js';
import type { Content } from '../storage/content.js';
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
    isUrlEncoded(request);
    if (request.headers.has('content-md5')) return;
    throw missingArgument('Content-MD5', '0016-00000606');
  },

  async apply({ request, bucket, objects }, body) {
    await assertDigest(request.headers, body);
    const { keys, isQuiet } = readDeletion(body);
    for (const key of keys) {
      await objects.exclusively(bucket, key, (object) => object.delete());
    }
    if (isQuiet) return { status: 200, headers: { 'content-length': '0' } };
    const isEncoded = isUrlEncoded(request);
    const write = keyWriter(isEncoded);
    const encoding: XmlElement[] = isEncoded ? [['EncodingType', 'url']] : [];
    const deleted = keys.map((key): XmlElement => ['Deleted', [['Key', write(key)]]]);
    return xmlAnswer(['DeleteResult', [...encoding, ...deleted]]);
  },
};

/** Whether the answer encodes keys: OSS documents a header, but SDKs also send a parameter. */
function isUrlEncoded(request: OssRequest): boolean {
  return readEncoding(request) || readEncodingHeader(request);
}

function readDeletion(body: Content): { keys: readonly string[]; isQuiet: boolean } {
  const deletion = parseXmlBody(body, 'Delete');
  const keys = childrenOf(deletion, 'Object').map((object) => textOf(object, 'Key') ?? '');
  if (keys.length === 0 || keys.length > maxKeys || keys.includes('')) throw malformedXml();
  return { keys, isQuiet: textOf(deletion, 'Quiet')?.trim().toLowerCase() === 'true' };
}
