/**
 * Whether version 1 signs a query parameter. It signs those that select an operation, but not those
 * like `prefix` and `max-keys`.
 *
 * The list is the union of those in the official SDKs, since each has only the names it sends. The
 * newest sign every name that begins with `x-oss-`; only version 2 of the Python SDK does not.
 *
 * @see https://github.com/aliyun/aliyun-oss-go-sdk/blob/master/oss/conn.go
 * @see https://github.com/aliyun/aliyun-oss-php-sdk/blob/master/src/OSS/Signer/SignerV1.php
 * @see https://github.com/aliyun/aliyun-oss-python-sdk/blob/master/oss2/auth.py
 * @see https://github.com/aliyun/aliyun-oss-java-sdk/blob/master/src/main/java/com/aliyun/oss/internal/SignParameters.java
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/signer/v1.go
 */
export function isSignedSubresource(name: string): boolean {
  return names.has(name) || name.startsWith('x-oss-');
}

const names = new Set(
  `
  accessPoint accessPointForObjectProcess accessPointPolicy acl action append asyncFetch bucketInfo
  callback callback-var cleanRestoredObject cloudboxes cname comp continuation-token cors delete
  encryption endTime group img inventory inventoryId lifecycle link live location logging metaQuery
  objectInfo objectMeta objectWorm overwriteConfig partNumber policy position processConfiguration
  publicAccessBlock qos qosInfo quota referer regionList replication replicationLocation
  replicationProgress requestPayment resourceGroup response-cache-control
  response-content-disposition response-content-encoding response-content-language
  response-content-type response-expires responseHeader restore rtc seal security-token sequential
  startTime stat status style styleName symlink tagging transferAcceleration udf udfApplication
  udfApplicationLog udfId udfImage udfImageDesc udfName uploadId uploads versionId versioning
  versions vip vod vpcip website withHashContext worm wormExtend wormId
  `
    .trim()
    .split(/\s+/),
);
