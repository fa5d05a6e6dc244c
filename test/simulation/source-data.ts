/** Most bytes that are written in a life. */
export const mostBytes = 2 ** 18;

/** What the user writes: bytes below 0x80, so that strings carry them too, without a short period. */
export const sourceData = Buffer.alloc(mostBytes);
for (let index = 0; index < mostBytes; index++) {
  sourceData[index] = (index * 31 + (index >> 5) * 17 + (index >> 9) * 3 + (index >> 14)) & 0x7f;
}

/** What nobody of ours writes: bytes above. */
export function strangeData(length: number, salt: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = 0x80 | ((index * 7 + salt) & 0x7f);
  return bytes;
}
