import { invalidArgument } from '../protocol/oss-error.js';

/** The credential and scope of a version 4 signature. */
export interface CredentialV4 {
  readonly accessKeyId: string;

  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly product: string;
}

/** Parses `<key id>/<date>/<region>/<product>/aliyun_v4_request`; `undefined` for another form. */
export function parseCredential(text: string): CredentialV4 | undefined {
  const [accessKeyId, date, region = '', product = '', terminator, ...rest] = text.split('/');
  if (!accessKeyId || !date || terminator !== 'aliyun_v4_request' || rest.length > 0) {
    return undefined;
  }
  return { accessKeyId, date, region, product };
}

/**
 * Checks that a signature was made for this region and for OSS.
 *
 * @param part Name of the part of the request that holds the credential.
 * @throws {OssError} If the region or the product differs.
 */
export function assertScope(credential: CredentialV4, region: string, part: string): void {
  if (credential.region !== region) {
    throw invalidArgument(`Invalid signing region in ${part}.`, {
      ec: '0002-00000226',
      extras: { Region: region },
    });
  }
  if (credential.product !== 'oss') {
    throw invalidArgument(`Invalid signing product in ${part}.`, { ec: '0002-00000227' });
  }
}
