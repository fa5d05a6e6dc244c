import { invalidValue } from '../protocol/oss-error.js';
import { type OssRequest, queryValue } from '../protocol/request.js';

const maxPageSize = 1000;
const defaultPageSize = 100;

/** Most bytes of a prefix or a marker: the limit of a key. */
const maxTextSize = 1023;

/** Parameters common to all listings of keys. */
export interface ListParameters {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;

  /** Whether keys are percent-encoded, because XML cannot represent all keys. */
  readonly isEncoded: boolean;
}

/**
 * Reads the parameters common to all listings of keys.
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

/** @throws {OssError} If it is longer than a key can be. */
export function readListText(request: OssRequest, name: string): string {
  const text = queryValue(request, name) ?? '';
  if (Buffer.byteLength(text) > maxTextSize) throw invalidValue(name, text);
  return text;
}

/** @throws {OssError} If it is not an integer from 1 to 1000. */
export function readMaxKeys(request: OssRequest, name = 'max-keys'): number {
  const text = queryValue(request, name) ?? '';
  if (text === '') return defaultPageSize;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > maxPageSize) throw invalidValue(name, text);
  return count;
}

/**
 * Reads whether keys in the answer must be percent-encoded.
 *
 * @throws {OssError} If the request names another encoding.
 */
export function readEncoding(request: OssRequest): boolean {
  return isUrl(queryValue(request, 'encoding-type') ?? '');
}

/**
 * Does the same as {@link readEncoding} for the header of this name.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/deletemultipleobjects, which version 1 of
 *   the Java SDK follows
 */
export function readEncodingHeader({ headers }: OssRequest): boolean {
  return isUrl(headers.get('encoding-type') ?? '');
}

function isUrl(text: string): boolean {
  if (text !== '' && text.toLowerCase() !== 'url') throw invalidValue('encoding-type', text);
  return text !== '';
}

/**
 * Percent-encodes all but letters, digits and `-._~`, so that every decoder restores the key, even
 * one that decodes `+` as a space.
 */
export function encodeKey(key: string): string {
  return encodeURIComponent(key).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
