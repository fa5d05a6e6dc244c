/** What the end of a name says about when the file was rotated. */
export interface RotationName {
  /** Date or time, with its separators; empty if there is none. */
  readonly time: string;

  /** Number after it, or alone; 0 if there is none. */
  readonly number: number;

  /** Whether the number begins with a zero. */
  readonly isPadded: boolean;
}

/** `-20261130`, `.2026-11-30_12:00:00`, `.202611`: from year to day or further, or year and month. */
const timed =
  /^[.-](?<time>\d{4}(?:[-_.]?\d{2}){2}(?:[-_.:T]?\d{2})*?|\d{4}[-_.]?\d{2})(?:\.(?<digits>\d{1,5}))?$/;

const numbered = /^\.(?<digits>\d+)$/;

/** Reads the end of a name, such as `.1` of `app.log.1`; `undefined` if no rotation makes it. */
export function parseRotation(suffix: string): RotationName | undefined {
  const match = timed.exec(suffix) ?? numbered.exec(suffix);
  if (match === null) return undefined;
  const { time = '', digits = '' } = match.groups ?? {};
  return { time, number: Number(digits), isPadded: /^0\d/.test(digits) };
}

/**
 * Compares two names by age: negative if the first is older, 0 if they do not say.
 *
 * @param direction 1 if the numbers grow with each rotation, -1 if the newest file has the lowest.
 */
export function compareNames(a: RotationName, b: RotationName, direction: 1 | -1): number {
  if (a.time === b.time) return Math.sign(a.number - b.number) * direction;
  if (formatOf(a.time) !== formatOf(b.time)) return 0;
  return a.time < b.time ? -1 : 1;
}

function formatOf(time: string): string {
  return time.replaceAll(/\d/g, '0');
}
