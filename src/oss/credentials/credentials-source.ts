import { CredentialsError } from '../../errors.js';
import type { ServiceClock } from '../signing/service-clock.js';
import {
  type Credentials,
  type CredentialsProvider,
  type CredentialsSource,
  copyCredentials,
  faultOf,
} from './credentials.js';
import { ProvidedCredentials } from './credentials-provider.js';

/** Creates a source from the option `credentials`, or from the environment without it. */
export function credentialsSource(
  act: string,
  credentials: Credentials | CredentialsProvider | undefined,
  clock: ServiceClock,
): CredentialsSource {
  if (credentials === undefined) return { get: environmentCredentials };
  if (typeof credentials === 'function') return new ProvidedCredentials(credentials, clock);
  const fault = faultOf(credentials);
  if (fault !== undefined) {
    throw new TypeError(`Cannot ${act} as 'credentials' ${fault}`);
  }
  const fixed = copyCredentials(credentials);
  return { get: () => fixed };
}

const environmentNames = [
  ['OSS_ACCESS_KEY_ID', 'OSS_ACCESS_KEY_SECRET', 'OSS_SESSION_TOKEN'],
  [
    'ALIBABA_CLOUD_ACCESS_KEY_ID',
    'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
    'ALIBABA_CLOUD_SECURITY_TOKEN',
  ],
] as const;

// Read for every request: a test or a launcher may set the variables after the client was created.
function environmentCredentials(): Credentials {
  for (const [id, secret, token] of environmentNames) {
    const { [id]: accessKeyId, [secret]: accessKeySecret, [token]: securityToken } = process.env;
    if (!accessKeyId || !accessKeySecret) continue;
    const credentials = { accessKeyId, accessKeySecret, securityToken };
    const fault = faultOf(credentials);
    if (fault === undefined) return copyCredentials(credentials);
    throw new CredentialsError(`Cannot sign requests as the credentials from ${id} ${fault}`, {
      outcome: 'fatal',
    });
  }
  throw new CredentialsError(
    "Cannot sign requests as no credentials were found: neither the option 'credentials' nor OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, nor ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are set",
    { outcome: 'fatal' },
  );
}
