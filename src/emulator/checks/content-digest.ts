import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OssError } from '../protocol/oss-error.js';
import type { Content } from '../storage/content.js';

/** After hashing a piece of at least this many bytes, other requests get a turn. */
const longPiece = 2 ** 20;

/** Computes the MD5 of the content, which takes seconds for gigabytes. */
export async function md5Of({ pieces }: Content): Promise<Buffer> {
  const hash = createHash('md5');
  for (const piece of pieces) {
    hash.update(piece);
    if (piece.byteLength >= longPiece) await nextTurn();
  }
  return hash.digest();
}

/**
 * Compares the body with the `Content-MD5` header, if present.
 *
 * @throws {OssError} If they differ, or the header is not an MD5.
 */
export async function assertDigest(
  headers: ReadonlyMap<string, string>,
  content: Content,
): Promise<void> {
  const claimed = headers.get('content-md5');
  if (claimed === undefined) return;
  if (!/^[A-Za-z0-9+/]{22}==$/.test(claimed)) {
    throw invalidDigest('The Content-MD5 you specified is not valid.', '0017-00000502');
  }
  if ((await md5Of(content)).toString('base64') === claimed) return;
  throw invalidDigest(
    'The Content-MD5 you specified did not match what we received.',
    '0017-00000503',
  );
}

function invalidDigest(message: string, ec: string): OssError {
  return new OssError(400, 'InvalidDigest', message, { ec });
}
