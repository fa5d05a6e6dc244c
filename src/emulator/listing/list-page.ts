import { compareKeys } from '../objects/key-order.js';

/** The part of a bucket that a page shows. */
export interface PageOptions {
  readonly prefix: string;

  /** Groups keys that contain it after the prefix into common prefixes; `''` groups nothing. */
  readonly delimiter: string;

  /** The page begins after this key or common prefix; `''` is the first page. */
  readonly after: string;

  /** Most keys and common prefixes in total. */
  readonly maxEntries: number;
}

export interface Page {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];

  /** Key or common prefix after which the next page begins; `undefined` on the last page. */
  readonly next: string | undefined;
}

/**
 * Returns one page of a bucket's keys.
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

/** The common prefix of a key, including the delimiter. */
function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const found = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return found === -1 ? undefined : key.slice(0, found + delimiter.length);
}

/** Binary search: the first index from `start` on whose key, like all after it, is `wanted`. */
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
