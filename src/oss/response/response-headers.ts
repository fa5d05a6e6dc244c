import { type HttpHeaders, headerOf } from '../http/message.js';

/** Reads a number of bytes; `undefined` if the header is missing or invalid. */
export function readLength(headers: HttpHeaders, name: string): number | undefined {
  const text = headerOf(headers, name);
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : undefined;
}

/** First and last byte of a 206's body; `undefined` without a valid `Content-Range`. */
export function readContentRange(
  headers: HttpHeaders,
): { readonly first: number; readonly last: number } | undefined {
  const text = headerOf(headers, 'content-range') ?? '';
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first <= range.last && Number.isSafeInteger(range.last) ? range : undefined;
}

const largestCrc64 = 2n ** 64n - 1n;

/**
 * CRC-64 of the whole object; `undefined` if it is missing or invalid.
 *
 * An invalid checksum is treated as absent: it neither confirms nor refutes anything, and the
 * object can still be read back.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/check-data-transmission-integrity-by-using-crc-64
 */
export function readCrc64(headers: HttpHeaders): bigint | undefined {
  const text = headerOf(headers, 'x-oss-hash-crc64ecma');
  if (text === undefined || !/^\d{1,20}$/.test(text)) return undefined;
  const crc64 = BigInt(text);
  return crc64 <= largestCrc64 ? crc64 : undefined;
}
