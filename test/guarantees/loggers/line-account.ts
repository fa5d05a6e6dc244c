import { textOf } from './numbered-line.js';

/** An account of the lines 1 to `lineCount`. */
export interface LineAccount {
  /** Lines that are missing. */
  readonly lost: number;

  /** Lines from the first one up to the first gap. */
  readonly withoutGap: number;

  /** Surplus copies of lines. */
  readonly doubled: number;

  /** Lines that follow a line logged later. */
  readonly misplaced: number;

  /** Pieces between two line ends that are not a logged line. */
  readonly torn: number;

  /** Whether the bytes stop in the middle of a line. */
  readonly isCutOff: boolean;

  /** Whole lines without a number: messages of the library itself. */
  readonly others: readonly string[];
}

/** Reads lines of JSON, as both libraries write them. */
export function accountFor(bytes: Uint8Array, lineCount: number): LineAccount {
  const pieces = Buffer.from(bytes).toString('latin1').split('\n');
  const rest = pieces.pop();
  const counts = new Uint32Array(lineCount + 1);
  const others: string[] = [];
  let misplaced = 0;
  let torn = 0;
  let previous = 0;
  for (const piece of pieces) {
    const number = numberOf(piece, lineCount);
    if (number === 'other') {
      others.push(piece);
    } else if (number === 'torn') {
      torn++;
    } else {
      counts[number] = (counts[number] ?? 0) + 1;
      if (number < previous) misplaced++;
      previous = number;
    }
  }
  const numbered = [...counts.subarray(1)];
  const gap = numbered.indexOf(0);
  return {
    misplaced,
    torn,
    others,
    isCutOff: rest !== '',
    lost: numbered.filter((count) => count === 0).length,
    withoutGap: gap === -1 ? lineCount : gap,
    doubled: numbered.reduce((sum, count) => sum + Math.max(count - 1, 0), 0),
  };
}

function numberOf(line: string, lineCount: number): number | 'other' | 'torn' {
  const fields = fieldsOf(line);
  if (fields === undefined) return 'torn';
  const { n, msg, message } = fields;
  if (n === undefined) return 'other';
  const isNumber = typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= lineCount;
  return isNumber && (msg ?? message) === textOf(n) ? n : 'torn';
}

function fieldsOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
