import { OssError } from '../protocol/oss-error.js';
import type { ObjectTag } from './object-record.js';

const maxTags = 10;
const maxKeySize = 128;
const maxValueSize = 256;

/**
 * Parses an `x-oss-tagging` header: `key=value` or `key`, percent-encoded, joined by `&`.
 *
 * @throws {OssError} If tags are malformed, too many or too long, or a key is repeated.
 * @see https://help.aliyun.com/zh/oss/developer-reference/putobjecttagging
 * @see https://www.alibabacloud.com/help/en/oss/support/0010-00000219
 */
export function readTags(header: string | undefined): readonly ObjectTag[] {
  const tags = (header ?? '').split('&').filter(Boolean).map(readTag);
  const keys = new Set(tags.map(({ key }) => key));
  if (tags.length > maxTags || keys.size < tags.length) throw invalidTag();
  return tags;
}

function readTag(text: string): ObjectTag {
  const [key = '', value = '', ...rest] = text.split('=').map(decode);
  const isGood = isText(key, maxKeySize) && isText(value, maxValueSize) && key !== '';
  if (!isGood || rest.length > 0) throw invalidTag();
  return { key, value };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidTag();
  }
}

function isText(text: string, maxSize: number): boolean {
  return /^[\p{L}\p{M}\p{N} +\-=._:/]*$/u.test(text) && Buffer.byteLength(text) <= maxSize;
}

function invalidTag(): OssError {
  return new OssError(400, 'InvalidTag', 'The tag you specified is not valid.', {
    ec: '0010-00000219',
  });
}
