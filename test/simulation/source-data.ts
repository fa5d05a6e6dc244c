/** Most bytes written in a life. */
export const mostBytes = 2 ** 18;

/** The user's bytes: below 0x80, so that strings can carry them, and without a short period. */
export const sourceData = Buffer.alloc(mostBytes);
for (let index = 0; index < mostBytes; index++) {
  sourceData[index] = (index * 31 + (index >> 5) * 17 + (index >> 9) * 3 + (index >> 14)) & 0x7f;
}

/** A stranger's bytes: 0x80 and above. */
export function strangeData(length: number, salt: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = 0x80 | ((index * 7 + salt) & 0x7f);
  return bytes;
}
