import { bucketLocation } from '../objects/bucket-document.js';
import { xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/getbucketlocation */
export const getBucketLocation: Operation = {
  name: 'bucket-location',
  method: 'GET',
  target: 'bucket',
  flag: 'location',
  readsBody: false,

  async apply({ region }) {
    return xmlAnswer(['LocationConstraint', bucketLocation(region)]);
  },
};
