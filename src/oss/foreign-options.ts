/** In lower case: ali-oss, version 2 of the official SDKs and S3's spell them in several ways. */
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
 * Refuses options by which other SDKs take an access key. Ignored like other unknown options, they
 * would let requests be signed with the key of somebody else: that of the environment.
 *
 * @param act What the caller was asked to do, for the message.
 * @throws {TypeError} If one of them is set.
 */
export function assertNoForeignCredentials(act: string, options: object): void {
  // Inherited ones too: so are our own read.
  for (const name in options) {
    if (!foreignCredentials.has(name.toLowerCase())) continue;
    if (Reflect.get(options, name) === undefined) continue;
    throw new TypeError(
      `Cannot ${act} as '${name}' is not an option and would be ignored: pass credentials: { accessKeyId, accessKeySecret, securityToken }`,
    );
  }
}
