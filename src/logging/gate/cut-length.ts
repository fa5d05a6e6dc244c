/** Bytes that a line may be long, however small `maxLength` is. */
const least = 64 * 1024;

/**
 * Bytes in the sink beyond which a line is cut whose beginning was passed on: it may never end, and is
 * completed beyond `maxLength` only as far as this.
 */
export function cutLength(maxLength: number): number {
  return maxLength + Math.max(maxLength, least);
}
