import { invalidArgument } from '../protocol/oss-error.js';

/** Who signed with version 4, and what for. */
export interface CredentialV4 {
  readonly accessKeyId: string;

  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly product: string;
}

/** Reads `<key id>/<date>/<region>/<product>/aliyun_v4_request`; `undefined` if it is not that. */
export function parseCredential(text: string): CredentialV4 | undefined {
  const [accessKeyId, date, region = '', product = '', terminator, ...rest] = text.split('/');
  if (!accessKeyId || !date || terminator !== 'aliyun_v4_request' || rest.length > 0) {
    return undefined;
  }
  return { accessKeyId, date, region, product };
}

/**
 * Refuses a signature made for another place.
 *
 * @param part What of the request holds the credential.
 * @throws {OssError} If the region is another, or the product not OSS.
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
