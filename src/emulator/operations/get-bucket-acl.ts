import { owner } from '../objects/owner.js';
import { noSuchBucket } from '../protocol/oss-error.js';
import { xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/getbucketacl */
export const getBucketAcl: Operation = {
  name: 'bucket-acl',
  method: 'GET',
  target: 'bucket',
  flag: 'acl',
  readsBody: false,

  async apply({ bucket, objects }) {
    const record = objects.findBucket(bucket);
    if (record === undefined) throw noSuchBucket(bucket);
    const list = ['AccessControlList', [['Grant', record.acl]]] as const;
    return xmlAnswer(['AccessControlPolicy', [owner, list]]);
  },
};
