import type { OssRequest } from '../protocol/request.js';
import { type XmlElement, xmlTime } from '../protocol/xml-document.js';
import type { BucketRecord } from './bucket.js';

/**
 * Returns the elements that describe a bucket, in OSS's order. Its endpoints are the host of the
 * request, so that a client that follows them, to delete objects for example, never reaches OSS.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/getbucketinfo
 */
export function bucketElements(
  name: string,
  { createdAt, storageClass }: BucketRecord,
  { region, request }: { readonly region: string; readonly request: OssRequest },
): readonly XmlElement[] {
  const { bucket, hostId } = request;
  const host = hostId.startsWith(`${bucket}.`) ? hostId.slice(`${bucket}.`.length) : hostId;
  return [
    ['CreationDate', xmlTime(createdAt)],
    ['ExtranetEndpoint', host],
    ['IntranetEndpoint', host],
    ['Location', bucketLocation(region)],
    ['Name', name],
    ['Region', region],
    ['StorageClass', storageClass],
  ];
}

/** OSS's name for the location of a bucket. */
export function bucketLocation(region: string): string {
  return `oss-${region}`;
}
