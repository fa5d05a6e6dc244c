/**
 * Compares two keys by their UTF-8 bytes, as OSS does. JavaScript compares UTF-16 units, which
 * sorts characters above U+FFFF before U+E000 to U+FFFF.
 *
 * @see https://help.aliyun.com/zh/oss/developer-reference/listobjectsv2
 */
export function compareKeys(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return rankOf(a) - rankOf(b);
  }
  return left.length - right.length;
}

/** Ranks surrogates, which encode characters above U+FFFF, after all other units. */
function rankOf(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
