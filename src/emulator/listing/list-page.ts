import { compareKeys } from '../objects/key-order.js';

/** Which part of a bucket a listing is to show. */
export interface PageOptions {
  readonly prefix: string;

  /** Keys that have it after the prefix are shown as one common prefix; `''` groups nothing. */
  readonly delimiter: string;

  /** The key or common prefix to begin after; `''` begins at the beginning. */
  readonly after: string;

  /** Most keys and common prefixes together. */
  readonly maxEntries: number;
}

export interface Page {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];

  /** What the next page begins after; `undefined` when this is the last. */
  readonly next: string | undefined;
}

/**
 * Cuts one page out of a bucket's keys.
 *
 * @param sortedKeys All keys in the order of {@link compareKeys}.
 */
export function cutPage(
  sortedKeys: readonly string[],
  { prefix, delimiter, after, maxEntries }: PageOptions,
): Page {
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = after;
  let index = firstIndex(sortedKeys, 0, (key) => compareKeys(key, prefix) >= 0);
  if (after !== '') index = firstIndex(sortedKeys, index, (key) => compareKeys(key, after) > 0);
  for (let key = sortedKeys[index]; key?.startsWith(prefix); key = sortedKeys[index]) {
    const group = groupOf(key, prefix, delimiter);
    const isShown = group !== undefined && group === last;
    if (!isShown && keys.length + commonPrefixes.length === maxEntries) {
      return { keys, commonPrefixes, next: last };
    }
    if (group === undefined) {
      keys.push(key);
      index++;
    } else {
      if (!isShown) commonPrefixes.push(group);
      index = firstIndex(sortedKeys, index, (other) => !other.startsWith(group));
    }
    last = group ?? key;
  }
  return { keys, commonPrefixes, next: undefined };
}

/** The common prefix a key is part of, up to and with the delimiter. */
function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const found = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return found === -1 ? undefined : key.slice(0, found + delimiter.length);
}

/** The first index from `start` on whose key is `wanted`, as all keys after it must be too. */
function firstIndex(
  sortedKeys: readonly string[],
  start: number,
  wanted: (key: string) => boolean,
): number {
  let [low, high] = [start, sortedKeys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (wanted(sortedKeys[middle] ?? '')) high = middle;
    else low = middle + 1;
  }
  return low;
}
