import { OssError } from '../protocol/oss-error.js';

/** Accepted values of each header. The emulator does not encrypt, it only stores the headers. */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  'x-oss-server-side-encryption': ['AES256', 'KMS', 'SM4'],
  'x-oss-server-side-data-encryption': ['SM4'],
};

/**
 * Checks the encryption headers.
 *
 * @throws {OssError} If a header names an algorithm that OSS does not support.
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
