import { invalidValue } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';

const maxPageSize = 1000;
const defaultPageSize = 100;

/** Most bytes of a prefix or a marker: as many as a key may have. */
const maxTextSize = 1023;

/** What every listing of keys can be asked. */
export interface ListParameters {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;

  /** Whether keys are to be percent-encoded, because XML cannot hold all of them. */
  readonly isEncoded: boolean;
}

/**
 * Reads what the listings of keys have in common.
 *
 * @throws {OssError} If a value is out of range.
 * @see https://help.aliyun.com/zh/oss/developer-reference/listobjectsv2
 */
export function readListParameters(request: OssRequest): ListParameters {
  return {
    prefix: readListText(request, 'prefix'),
    delimiter: readListText(request, 'delimiter'),
    maxKeys: readMaxKeys(request),
    isEncoded: readEncoding(request),
  };
}

/** @throws {OssError} If it is longer than a key may be. */
export function readListText(request: OssRequest, name: string): string {
  const text = queryValue(request, name) ?? '';
  if (Buffer.byteLength(text) > maxTextSize) throw invalidValue(name, text);
  return text;
}

/** @throws {OssError} If it is no integer from 1 to 1000. */
export function readMaxKeys(request: OssRequest, name = 'max-keys'): number {
  const text = queryValue(request, name) ?? '';
  if (text === '') return defaultPageSize;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > maxPageSize) throw invalidValue(name, text);
  return count;
}

/**
 * Whether the answer is to have its keys percent-encoded.
 *
 * @throws {OssError} If another encoding is asked for.
 */
export function readEncoding(request: OssRequest): boolean {
  return isUrl(queryValue(request, 'encoding-type') ?? '');
}

/**
 * As {@link readEncoding}, of the header of that name.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/deletemultipleobjects, which Java's first
 *   SDK follows
 */
export function readEncodingHeader({ headers }: OssRequest): boolean {
  return isUrl(headers.get('encoding-type') ?? '');
}

function isUrl(text: string): boolean {
  if (text !== '' && text.toLowerCase() !== 'url') throw invalidValue('encoding-type', text);
  return text !== '';
}

/**
 * Percent-encodes all but letters, digits and `-._~`, so that every decoder, also one that reads
 * `+` as a space, finds the key again.
 */
export function encodeKey(key: string): string {
  return encodeURIComponent(key).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
