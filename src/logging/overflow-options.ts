import { assertInteger, assertOneOf, isRecord, rangeError, typeError } from '../assertions.js';
import { warnOfUnknown } from '../option-warnings.js';
import { type AppendWritableOptions, resolveSizes } from '../stream/options.js';

/** What happens to lines that are written faster than they can be appended. */
export interface OverflowOptions {
  /**
   * Maximum number of uncommitted bytes. A line whose beginning is in the stream is completed beyond it,
   * and cut if it would take as many again (or 64 KiB, if that is more).
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxLength?: number | undefined;

  /**
   * `'drop-oldest'` drops the oldest lines that are not in a chunk yet, `'drop-newest'` the new
   * lines for which there is no room; `write()` then always returns `true`. `'block'` drops nothing
   * and returns `false`, which pino's worker respects: the lines then wait in the application's
   * memory.
   *
   * @default 'drop-oldest'
   */
  readonly policy?: 'drop-oldest' | 'drop-newest' | 'block' | undefined;

  /**
   * Line to write into the object where lines are missing, without a line break or what else ends
   * records. `{lines}` is replaced by `123 lines`, `{count}` by `123`, `{size}` by `45 KiB`,
   * `{byteLength}` by `46080`. `false` writes none.
   *
   * @default '{"level":40,"msg":"dropped {lines} ({size})"}'
   */
  readonly marker?: string | false | undefined;
}

export interface ResolvedOverflow {
  readonly maxLength: number;
  readonly policy: 'drop-oldest' | 'drop-newest' | 'block';
  readonly marker: string | false;

  /** `highWaterMark` of the stream itself; `undefined` for its default. */
  readonly highWaterMark: number | undefined;
}

type Sizes = Pick<AppendWritableOptions, 'chunkSize' | 'highWaterMark'>;

const mebibyte = 2 ** 20;
const defaultMarker = '{"level":40,"msg":"dropped {lines} ({size})"}';

/**
 * Fills in defaults of the overflow options and checks them.
 *
 * @throws {TypeError} If one is of the wrong type or shape.
 * @throws {RangeError} If one is out of range.
 */
export function resolveOverflow(
  overflow: OverflowOptions | undefined,
  sizes: Sizes,
  act: string,
): ResolvedOverflow {
  // First: the checks below calculate with the sizes.
  resolveSizes(act, sizes);
  if (overflow !== undefined && !isRecord(overflow)) {
    throw typeError(act, 'overflow', 'an object', overflow);
  }
  warnOfUnknown('overflow', overflow ?? {}, ['maxLength', 'policy', 'marker']);
  const { maxLength = 64 * mebibyte, policy = 'drop-oldest' } = overflow ?? {};
  const { marker = defaultMarker } = overflow ?? {};
  assertOneOf(act, 'overflow.policy', policy, ['drop-oldest', 'drop-newest', 'block']);
  assertInteger(act, 'overflow.maxLength', maxLength, 4, Number.MAX_SAFE_INTEGER);
  if (marker !== false && typeof marker !== 'string') {
    throw typeError(act, 'overflow.marker', 'a string or false', marker);
  }
  if (typeof marker === 'string' && /[\r\n]/.test(marker)) {
    throw rangeError(act, 'overflow.marker', 'one line without a line break', marker);
  }
  const isGiven = overflow?.maxLength !== undefined;
  return {
    maxLength,
    policy,
    marker,
    highWaterMark: resolveMark({ maxLength, isGiven, policy, act }, sizes),
  };
}

/** The stream gets a part of `maxLength`: lines in the stream can no longer be dropped. */
function resolveMark(
  {
    maxLength,
    isGiven,
    policy,
    act,
  }: Pick<ResolvedOverflow, 'maxLength' | 'policy'> & { isGiven: boolean; act: string },
  { chunkSize = 1, highWaterMark }: Sizes,
): number | undefined {
  const least = highWaterMark ?? 2 * chunkSize;
  // Left to the stream to reject.
  if (!Number.isSafeInteger(least)) return highWaterMark;
  if (maxLength < least) {
    const name = highWaterMark === undefined ? "twice 'chunkSize'" : "'highWaterMark'";
    throw rangeError(act, 'overflow.maxLength', `at least ${name}, ${least}`, maxLength);
  }
  if (highWaterMark !== undefined) return highWaterMark;
  if (policy === 'block') return isGiven ? maxLength : undefined;
  const usual = Math.max(16 * mebibyte, 4 * chunkSize);
  return Math.min(usual, Math.max(Math.floor(maxLength / 2), 2 * chunkSize));
}
