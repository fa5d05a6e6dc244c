import { owner } from '../objects/owner.js';
import { noSuchKey } from '../protocol/oss-error.js';
import { xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/getobjectacl */
export const getObjectAcl: Operation = {
  name: 'object-acl',
  method: 'GET',
  target: 'object',
  flag: 'acl',
  readsBody: false,

  async apply({ bucket, key, objects }) {
    const record = objects.find(bucket, key);
    if (record === undefined) throw noSuchKey(key);
    const list = ['AccessControlList', [['Grant', record.attributes.acl]]] as const;
    return xmlAnswer(['AccessControlPolicy', [owner, list]]);
  },
};
