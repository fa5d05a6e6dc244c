import { createHash } from 'node:crypto';
import type { Content } from './content.js';
import { OssError } from './oss-error.js';

/** MD5 of the content, in `encoding`. */
export function md5Of({ pieces }: Content, encoding: 'base64' | 'hex'): string {
  const hash = createHash('md5');
  for (const piece of pieces) hash.update(piece);
  return hash.digest(encoding);
}

/**
 * Compares the body with the `Content-MD5` header, where there is one.
 *
 * @throws {OssError} If they differ, or the header is no MD5.
 */
export function assertDigest(headers: ReadonlyMap<string, string>, content: Content): void {
  const claimed = headers.get('content-md5');
  if (claimed === undefined) return;
  if (!/^[A-Za-z0-9+/]{22}==$/.test(claimed)) {
    throw invalidDigest('The Content-MD5 you specified is not valid.', '0017-00000502');
  }
  if (md5Of(content, 'base64') === claimed) return;
  throw invalidDigest(
    'The Content-MD5 you specified did not match what we received.',
    '0017-00000503',
  );
}

function invalidDigest(message: string, ec: string): OssError {
  return new OssError(400, 'InvalidDigest', message, { ec });
}
