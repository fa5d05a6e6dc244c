/** Bytes from `start` up to, but not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What was written to a stream, in order. */
export interface Writing {
  readonly bytes: Buffer;

  /** What ends a record; without it each write is a unit. */
  readonly delimiter: Buffer | undefined;

  /** Offsets of each write. */
  readonly writes: readonly Range[];

  /** Writes that must not be divided although they may hold several records. */
  readonly undivided: readonly Range[];

  /** Offsets at which everything before was committed, even an unfinished record. */
  readonly flushes: readonly number[];
}

/** Bytes of a stream in one of its objects, and how long that was before. */
export interface Share {
  readonly before: number;
  readonly bytes: Buffer;
}

export interface Limits {
  readonly maxSize: number;
  readonly chunkSize: number;

  /** Bytes written before the first object was open. */
  readonly early: number;
}

/** Offsets at which an object may end: where units part. Ascending, with both ends of the writing. */
export function unitEnds({ bytes, delimiter, writes, undivided }: Writing): number[] {
  const ends = new Set([0, bytes.byteLength]);
  if (delimiter === undefined) {
    for (const { end } of writes) ends.add(end);
  } else {
    for (let at = bytes.indexOf(delimiter); at !== -1; at = bytes.indexOf(delimiter, at + 1)) {
      ends.add(at + delimiter.byteLength);
    }
  }
  const isInside = (offset: number) =>
    undivided.some(({ start, end }) => offset > start && offset < end);
  return [...ends].filter((offset) => !isInside(offset)).sort((a, b) => a - b);
}

/**
 * Describes every rule of rolling over by size that the objects of a stream break: they hold the
 * source in order, each ends between two units and only where the next unit did not fit, and none is
 * longer than allowed but for a unit that could not be moved.
 */
export function brokenSizes(shares: readonly Share[], writing: Writing, limits: Limits): string[] {
  return describeEach(shares, writing, (share, ends, isLast) => [
    ...(isLast ? [] : brokenEnd(share, ends)),
    ...(isLast ? [] : needlessEnd(share, ends, limits)),
    ...brokenSize(share, ends, writing, limits),
  ]);
}

/** The share of an object of a certain period. */
export interface PeriodShare extends Share {
  readonly period: string;
}

/**
 * As {@link brokenSizes}, for a stream that also rolls over by time: each unit is in an object of the
 * period in which it was accepted, or ended.
 *
 * @param limits.periods The period of each write.
 */
export function brokenPeriods(
  shares: readonly PeriodShare[],
  writing: Writing,
  limits: Limits & { readonly periods: readonly string[] },
): string[] {
  const periodAt = (offset: number) =>
    limits.periods[writing.writes.findIndex(({ end }) => end > offset)] ?? '';
  return describeEach(shares, writing, (share, ends, isLast) => {
    const { start, end, period } = share;
    const units = ends.filter((offset) => offset >= start && offset < end);
    const foreign = units.filter((unit, index) => {
      const last = (units[index + 1] ?? end) - 1;
      return period < periodAt(unit) || period > periodAt(last);
    });
    const isOver = periodAt(end) !== period;
    return [
      ...(isLast ? [] : brokenEnd(share, ends)),
      ...(isLast || isOver ? [] : needlessEnd(share, ends, limits)),
      ...brokenSize(share, ends, writing, limits),
      ...foreign.map((unit) => `of ${period} has a unit of ${periodAt(unit)} at ${unit}`),
    ];
  });
}

function describeEach<S extends Share>(
  shares: readonly S[],
  writing: Writing,
  broken: (share: S & Range, ends: readonly number[], isLast: boolean) => string[],
): string[] {
  const held = Buffer.concat(shares.map(({ bytes }) => bytes));
  if (!held.equals(writing.bytes)) return [`${held.byteLength} bytes are not the source`];
  const ends = unitEnds(writing);
  let start = 0;
  return shares.flatMap((share, index) => {
    const range = { start, end: start + share.bytes.byteLength };
    start = range.end;
    const problems = broken({ ...share, ...range }, ends, index === shares.length - 1);
    return problems.map((problem) => `object ${index} (${range.start}-${range.end}) ${problem}`);
  });
}

type Placed = Share & Range;

function brokenEnd({ before, start, end }: Placed, ends: readonly number[]): string[] {
  if (before + end - start === 0) return ['is empty'];
  return ends.includes(end) ? [] : ['ends within a unit'];
}

function needlessEnd(
  { before, start, end }: Placed,
  ends: readonly number[],
  { maxSize }: Limits,
): string[] {
  const next = (ends.find((offset) => offset > end) ?? end) - end;
  const isFull = before + end - start + next > maxSize;
  return isFull ? [] : [`ends although the next unit of ${next} bytes fits`];
}

function brokenSize(
  { before, start, end }: Placed,
  ends: readonly number[],
  writing: Writing,
  { maxSize, chunkSize, early }: Limits,
): string[] {
  const most = Math.max(maxSize - before, early - start);
  if (end - start <= most) return [];
  const unit = { start: ends.findLast((offset) => offset < end) ?? start, end };
  if (unit.start - start > most) return ['is too long by more than a unit'];
  const isOnlyUnit = unit.start === start && before === 0;
  return isOnlyUnit || isFixed(unit, writing, chunkSize)
    ? []
    : [`is too long by a unit of ${unit.end - unit.start} bytes that could have been moved`];
}

/** Whether a part of the unit may have been sent, or is bound to the bytes before it. */
function isFixed(unit: Range, { delimiter, undivided, flushes }: Writing, chunkSize: number) {
  if (delimiter === undefined) return false;
  const isInside = (offset: number) => offset > unit.start && offset < unit.end;
  return (
    unit.end - unit.start > chunkSize ||
    flushes.some(isInside) ||
    undivided.some(({ start, end }) => isInside(start) || isInside(end))
  );
}
