// `trim()` would also remove 0xA0, which may be a byte of a character in UTF-8.

/** Removes the spaces and tabs around a header's value. */
export function trimHeader(value: string): string {
  let start = 0;
  while (isSpace(value.charCodeAt(start))) start++;
  return trimHeaderEnd(value.slice(start));
}

/** Removes the spaces and tabs behind a header's value. */
export function trimHeaderEnd(value: string): string {
  let end = value.length;
  while (isSpace(value.charCodeAt(end - 1))) end--;
  return value.slice(0, end);
}

/** @param code `NaN` beyond the value. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
