/** Bytes in UTF-8. */
export const maxKeyLength = 1023;

/**
 * Checks an object key: 1-1023 bytes of well-formed UTF-8 that begin with neither `/` nor `\`.
 *
 * @throws {TypeError} If it is not a string, not well-formed, or begins with a slash or backslash.
 * @throws {RangeError} If it is empty or too long.
 * @see https://help.aliyun.com/zh/oss/user-guide/object-naming-conventions
 */
export function assertObjectKey(key: string, act = 'send a request'): void {
  if (typeof key !== 'string') {
    throw new TypeError(`Cannot ${act} as the key must be a string: its type is ${typeof key}`);
  }
  const byteLength = Buffer.byteLength(key);
  if (byteLength < 1 || byteLength > maxKeyLength) {
    throw new RangeError(
      `Cannot ${act} as the key must be 1 to ${maxKeyLength} bytes of UTF-8: it is ${byteLength} bytes long`,
    );
  }
  if (/^[/\\]/.test(key)) {
    throw new TypeError(
      `Cannot ${act} as the key must not begin with a slash or backslash: current value is ${JSON.stringify(key)}`,
    );
  }
  if (/\p{Surrogate}/u.test(key)) {
    throw new TypeError(
      `Cannot ${act} as the key must be well-formed Unicode: current value is ${JSON.stringify(key)}`,
    );
  }
}
