import { invalidArgument } from '../protocol/oss-error.js';

/** Most bytes of an object's user metadata, names and values together. */
const maxSize = 8 * 1024;

/**
 * Checks the `x-oss-meta-*` headers.
 *
 * @throws {OssError} If a name has characters other than letters, digits and hyphens, or the total
 *   size is too large.
 * @see https://help.aliyun.com/en/oss/user-guide/0011-00000002
 * @see https://help.aliyun.com/en/oss/user-guide/0011-00000004
 */
export function assertUserMetadata(headers: ReadonlyMap<string, string>): void {
  const metadata = [...headers].filter(([name]) => name.startsWith('x-oss-meta-'));
  for (const [name, value] of metadata) {
    if (/^[a-z0-9-]+$/.test(name)) continue;
    throw invalidArgument('The user metadata key is not valid.', {
      ec: '0011-00000004',
      extras: { ArgumentName: name, ArgumentValue: value },
    });
  }
  // A header's value has one character per byte.
  const size = metadata.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size <= maxSize) return;
  throw invalidArgument('The user metadata is too large.', { ec: '0011-00000002' });
}
