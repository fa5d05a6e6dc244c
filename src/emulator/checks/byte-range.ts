import { OssError } from '../protocol/oss-error.js';

/** `[start, end)` of an object. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** `standard` follows HTTP; `oss`, the default, answers an invalid range with the whole object. */
export type RangeBehavior = 'standard' | 'oss';

/**
 * Parses a `Range` header; `undefined` means the whole object. A malformed header, or one with
 * several ranges, is ignored.
 *
 * @throws {OssError} If the behaviour is standard and the range begins after the end of the object.
 * @see https://help.aliyun.com/zh/oss/how-to-obtain-oss-resources-by-segmenting-http-range-requests
 */
export function readRange(
  header: string | undefined,
  length: number,
  behavior: RangeBehavior,
): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? length - Number(last) : Number(first);
  const end = first === '' || last === '' ? length : Number(last) + 1;
  if (start >= 0 && start < end && end <= length) return { start, end };
  if (first !== '' && end <= start && start < length) return undefined;
  if (behavior === 'oss') return undefined;
  if (Math.max(start, 0) >= length) {
    throw new OssError(416, 'InvalidRange', 'The requested range cannot be satisfied', {
      extras: { ActualObjectSize: String(length), RangeRequested: header ?? '' },
      headers: { 'content-range': `bytes */${length}` },
    });
  }
  return { start: Math.max(start, 0), end: Math.min(end, length) };
}
