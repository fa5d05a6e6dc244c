import OSS from 'ali-oss';
import type { Target } from '../../test/comparing-store/target.js';

/** The official SDK, set up to sign and to address a server in the same way as the others. */
export function aliOssClient({ endpoint, bucket, credentials, region }: Target): OSS {
  const options = {
    endpoint,
    bucket,
    ...credentials,
    region: `oss-${region}`,
    authorizationV4: true,
    secure: endpoint.startsWith('https:'),
    timeout: 60_000,
  };
  return new OSS(options as OSS.Options);
}
