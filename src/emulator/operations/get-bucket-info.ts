import { bucketElements } from '../objects/bucket-document.js';
import { owner } from '../objects/owner.js';
import { noSuchBucket } from '../protocol/oss-error.js';
import { xmlAnswer } from '../protocol/xml-document.js';
import type { Operation } from './operation.js';

/** @see https://help.aliyun.com/zh/oss/developer-reference/getbucketinfo */
export const getBucketInfo: Operation = {
  name: 'bucket-info',
  method: 'GET',
  target: 'bucket',
  flag: 'bucketInfo',
  readsBody: false,

  async apply({ request, bucket, objects, region }) {
    const record = objects.findBucket(bucket);
    if (record === undefined) throw noSuchBucket(bucket);
    return xmlAnswer([
      'BucketInfo',
      [
        [
          'Bucket',
          [
            ...bucketElements(bucket, record, { region, request }),
            ['AccessMonitor', 'Disabled'],
            ['BlockPublicAccess', 'false'],
            ['CrossRegionReplication', 'Disabled'],
            ['DataRedundancyType', 'LRS'],
            ['ResourceGroupId', 'rg-default'],
            ['TransferAcceleration', 'Disabled'],
            owner,
            ['AccessControlList', [['Grant', record.acl]]],
            ['ServerSideEncryptionRule', [['SSEAlgorithm', 'None']]],
          ],
        ],
      ],
    ]);
  },
};
