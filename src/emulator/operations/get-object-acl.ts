import { noSuchKey } from '../oss-error.js';
import { owner } from '../owner.js';
import { xmlAnswer } from '../xml-document.js';
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
