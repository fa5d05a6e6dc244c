import type { CredentialsError } from '../../errors.js';

/** An access key, long-lived or temporary. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;

  /** Token that belongs to temporary credentials. */
  readonly securityToken?: string | undefined;
}

/**
 * An access key as a provider returns it. Optional only for the compiler, so that what
 * `@alicloud/credentials` returns fits: without id and secret it is a `CredentialsError`.
 */
export interface ProvidedAccessKey extends Partial<Credentials> {
  /**
   * When these credentials end: a `Date`, an ISO 8601 string or milliseconds since 1970. They are
   * asked for again two minutes earlier; without it, for every request.
   */
  readonly expiration?: Date | string | number | undefined;
}

/** Function that returns credentials; called again whenever they are about to end. */
export type CredentialsProvider = () => ProvidedAccessKey | Promise<ProvidedAccessKey>;

/** Where a client takes credentials from, for each request anew. */
export interface CredentialsSource {
  /** The credentials, at once wherever nothing has to be waited for. */
  get(): Credentials | Promise<Credentials>;

  /** Where they can change: forgets `refused`, so that the next call asks again. */
  renew?(refused: Credentials): Credentials | Promise<Credentials>;

  /** Gives up on an answer that does not come, so that the next call asks again. */
  abandon?(awaited: Promise<Credentials>): CredentialsError;
}

/** What is wrong with a value that should be credentials, without ever quoting it. */
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
  // Without its token, a temporary key is an unknown one.
  const foreign = ['stsToken', 'sessionToken'].find((name) => Reflect.get(value, name));
  return foreign && `must have its token as 'securityToken': it has '${foreign}'`;
}

/** Takes over the parts that matter, so that later changes to the object do not. */
export function copyCredentials(credentials: Credentials): Credentials {
  const { accessKeyId, accessKeySecret, securityToken } = credentials;
  return { accessKeyId, accessKeySecret, securityToken: securityToken || undefined };
}

/** Whether requests signed with one are signed as with the other. */
export function isSameCredentials(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.accessKeySecret === b.accessKeySecret &&
    a.securityToken === b.securityToken
  );
}
