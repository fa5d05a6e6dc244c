import type { CredentialsError } from '../../errors.js';

/** An access key, long-lived or temporary. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;

  /** Token of temporary credentials. */
  readonly securityToken?: string | undefined;
}

/**
 * An access key as a provider returns it. The fields are optional only so that the type of
 * `@alicloud/credentials` fits: without id and secret, requests fail with a `CredentialsError`.
 */
export interface ProvidedAccessKey extends Partial<Credentials> {
  /**
   * When these credentials expire: a `Date`, an ISO 8601 string or milliseconds since 1970. The
   * provider is called again two minutes earlier; without an expiration, for every request.
   */
  readonly expiration?: Date | string | number | undefined;
}

/** Function that returns credentials; called again whenever they are about to expire. */
export type CredentialsProvider = () => ProvidedAccessKey | Promise<ProvidedAccessKey>;

/** Source from which a client gets the credentials for each request. */
export interface CredentialsSource {
  /** Returns the credentials, or a promise only if they are not available yet. */
  get(): Credentials | Promise<Credentials>;

  /** Discards `refused` and returns new credentials. Absent if the credentials cannot change. */
  renew?(refused: Credentials): Credentials | Promise<Credentials>;

  /** Abandons a promise that does not settle, so that the next `get()` calls the provider again. */
  abandon?(awaited: Promise<Credentials>): CredentialsError;
}

/** Describes what is wrong with credentials, without quoting them; `undefined` if nothing is. */
export function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) {
    return `must be an object: its type is ${value === null ? 'null' : typeof value}`;
  }
  for (const name of ['accessKeyId', 'accessKeySecret', 'securityToken']) {
    const part: unknown = Reflect.get(value, name);
    if (name === 'securityToken' && (part === undefined || part === '')) continue;
    if (typeof part !== 'string') {
      return `must have a string '${name}': its type is ${part === null ? 'null' : typeof part}`;
    }
    if (!/^[!-~](?:[ -~]*[!-~])?$/.test(part)) {
      return `must have '${name}' of printable ASCII without space around it: it is ${part.length} characters long`;
    }
  }
  if (Reflect.get(value, 'securityToken')) return undefined;
  // OSS does not know a temporary key without its token.
  const foreign = ['stsToken', 'sessionToken'].find((name) => Reflect.get(value, name));
  return foreign && `must have its token as 'securityToken': it has '${foreign}'`;
}

/** Copies the credentials, so that later changes to the user's object have no effect. */
export function copyCredentials(credentials: Credentials): Credentials {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
}

/** Whether both sign requests in the same way. */
export function isSameCredentials(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.accessKeySecret === b.accessKeySecret &&
    a.securityToken === b.securityToken
  );
}
