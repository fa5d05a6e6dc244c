/** In lower case, because ali-oss, version 2 of the official SDKs and S3's differ in spelling. */
const foreignCredentials = new Set([
  'accesskeyid',
  'accesskeysecret',
  'securitytoken',
  'ststoken',
  'secretaccesskey',
  'sessiontoken',
  'credentialsprovider',
]);

/**
 * Refuses options by which other SDKs take an access key. If they were ignored like other unknown
 * options, requests would be signed with a different key: that of the environment.
 *
 * @param act What the caller was asked to do, for the message.
 * @throws {TypeError} If one of them is set.
 */
export function assertNoForeignCredentials(act: string, options: object): void {
  // Including inherited properties, because the known options are read from those too.
  for (const name in options) {
    if (!foreignCredentials.has(name.toLowerCase())) continue;
    if (Reflect.get(options, name) === undefined) continue;
    throw new TypeError(
      `Cannot ${act} as '${name}' is not an option and would be ignored: pass credentials: { accessKeyId, accessKeySecret, securityToken }`,
    );
  }
}
