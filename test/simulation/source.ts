/** Most bytes written in a life. */
export const mostBytes = 2 ** 18;

/** The user's bytes: below 0x80, so that strings can carry them, and without a short period. */
export const sourceData = Buffer.alloc(mostBytes);
for (let index = 0; index < mostBytes; index++) {
  sourceData[index] = (index * 31 + (index >> 5) * 17 + (index >> 9) * 3 + (index >> 14)) & 0x7f;
}
// Lines of up to a hundred bytes, every other of which ends with two.
for (let end = 0, line = 0; end < mostBytes; line++) {
  end += 1 + ((line * 37) % 89) + (line % 3);
  sourceData[end] = 0x0a;
  if (line % 2 === 0) sourceData[end - 1] = 0x0d;
}

/** End of the last record that begins at `start` or later and ends before `end`; `start` if none does. */
export function lastRecordEnd(start: number, end: number, delimiter: string): number {
  const found = sourceData.subarray(start, end).lastIndexOf(delimiter);
  return found === -1 ? start : start + found + delimiter.length;
}

/** A stranger's bytes: 0x80 and above. */
export function strangeData(length: number, salt: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = 0x80 | ((index * 7 + salt) & 0x7f);
  return bytes;
}
