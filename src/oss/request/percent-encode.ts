/**
 * Percent-encodes everything but unreserved characters, as V4 signatures require;
 * `encodeURIComponent` leaves five more characters unencoded.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/recommend-to-use-signature-version-4
 */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Percent-encodes a key for a path, keeping its slashes.
 *
 * The result must not pass through `new URL()`, which resolves `.` and `..`: they are ordinary
 * names in a key.
 */
export function encodeObjectKey(key: string): string {
  return percentEncode(key).replaceAll('%2F', '/');
}
