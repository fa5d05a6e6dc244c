import { invalidValue } from '../protocol/oss-error.js';

/**
 * Encodes the key after which a listing continues. OSS's tokens have the same form: a tag byte, the
 * length and the bytes of a key, in URL-safe base64.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/listobjectsv2
 */
export function writeToken(place: string): string {
  const bytes = Buffer.from(place);
  const length = [(bytes.byteLength & 0x7f) | 0x80, bytes.byteLength >> 7];
  const head = bytes.byteLength < 0x80 ? [tag, bytes.byteLength] : [tag, ...length];
  const text = Buffer.concat([Buffer.from(head), bytes]).toString('base64');
  return text.replaceAll('=', '-').replaceAll('+', '.').replaceAll('/', '_');
}

/** @throws {OssError} If it was not written by {@link writeToken}. */
export function readToken(token: string): string {
  const text = token.replaceAll('-', '=').replaceAll('.', '+').replaceAll('_', '/');
  const bytes = Buffer.from(text, 'base64');
  const start = (bytes[1] ?? 0) < 0x80 ? 2 : 3;
  const place = bytes.subarray(start).toString();
  if (place === '' || writeToken(place) !== token) throw invalidValue('continuation-token', token);
  return place;
}

const tag = 0x0a;
