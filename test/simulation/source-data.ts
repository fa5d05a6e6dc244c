/** Longest stream of a simulation. */
export const mostBytes = 4096;

/** What the user writes: bytes below 0x80, so that strings carry them too, without a short period. */
export const sourceData = Buffer.from(
  Array.from(
    { length: mostBytes },
    (_, index) => (index * 31 + (index >> 5) * 17 + (index >> 9)) & 0x7f,
  ),
);

/** What nobody of ours writes: bytes above. */
export function strangeData(length: number, salt: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => 0x80 | ((index * 7 + salt) & 0x7f)));
}
