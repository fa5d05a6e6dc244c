import { assertInteger, assertOneOf, rangeError, typeError } from '../assertions.js';
import { warnOfUnknown } from '../stream/option-names.js';
import { type AppendWritableOptions, resolveSizes } from '../stream/options.js';

/** What happens to lines that come faster than they can be appended. */
export interface OverflowOptions {
  /**
   * Most bytes that may wait to be committed.
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxLength?: number | undefined;

  /**
   * `'drop-oldest'` drops the oldest lines that are in no chunk yet, `'drop-newest'` those that find
   * no room; `write()` then always answers `true`. `'block'` drops nothing and answers `false`,
   * which pino's worker heeds: the lines then wait in the memory of the application.
   *
   * @default 'drop-oldest'
   */
  readonly policy?: 'drop-oldest' | 'drop-newest' | 'block' | undefined;

  /**
   * Line to leave in the object where lines are missing, without its end. In it `{lines}` stands
   * for `123 lines`, `{count}` for `123`, `{size}` for `45 KiB`, `{byteLength}` for `46080`. `false`
   * leaves none.
   *
   * @default '{"level":40,"msg":"dropped {lines} ({size})"}'
   */
  readonly marker?: string | false | undefined;
}

export interface ResolvedOverflow {
  readonly maxLength: number;
  readonly policy: 'drop-oldest' | 'drop-newest' | 'block';
  readonly marker: string | false;

  /** Bound of the stream itself; `undefined` for its default. */
  readonly highWaterMark: number | undefined;
}

type Sizes = Pick<AppendWritableOptions, 'chunkSize' | 'highWaterMark'>;

const mebibyte = 2 ** 20;
const defaultMarker = '{"level":40,"msg":"dropped {lines} ({size})"}';

/**
 * Defaults and checks the overflow options.
 *
 * @throws {TypeError} If one is of the wrong type or shape.
 * @throws {RangeError} If one is out of range.
 */
export function resolveOverflow(
  overflow: OverflowOptions | undefined,
  sizes: Sizes,
  act: string,
): ResolvedOverflow {
  // First, for what follows is reckoned from them.
  resolveSizes(act, sizes);
  if (overflow !== undefined && (typeof overflow !== 'object' || overflow === null)) {
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
    throw rangeError(act, 'overflow.marker', 'one line, without its end', marker);
  }
  const isGiven = overflow?.maxLength !== undefined;
  return {
    maxLength,
    policy,
    marker,
    highWaterMark: resolveMark({ maxLength, isGiven, policy, act }, sizes),
  };
}

/** The stream gets its part of the bound, and what it has cannot be dropped any more. */
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
  // The stream checks its own.
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
