import { OssError } from '../protocol/oss-error.js';

/** What each header may ask for. The emulator encrypts nothing, it only remembers. */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  'x-oss-server-side-encryption': ['AES256', 'KMS', 'SM4'],
  'x-oss-server-side-data-encryption': ['SM4'],
};

/**
 * Checks the headers that ask for encryption.
 *
 * @throws {OssError} If one names an algorithm OSS does not have.
 * @see https://help.aliyun.com/zh/oss/developer-reference/putobject
 */
export function assertEncryption(headers: ReadonlyMap<string, string>): void {
  for (const [name, allowed] of Object.entries(algorithms)) {
    const value = headers.get(name);
    if (value === undefined || allowed.includes(value)) continue;
    throw new OssError(
      400,
      'InvalidEncryptionAlgorithmError',
      'The encryption request you specified is not valid.',
      { extras: { ArgumentName: name, ArgumentValue: value } },
    );
  }
}
