import type { Life } from './lives.js';
import { lineOf } from './numbered-lines.js';
import type { FoundObject } from './rolling-case.js';

interface Line {
  readonly life: number;
  readonly number: number;
}

/**
 * Describes every problem in the objects of writers that were started one after the other, or at
 * once, and some of which were killed: each line is whole and there at most once, those of a life are
 * its first ones and in order, and all that were acknowledged are there. Of lives one after the other
 * the acknowledged lines are in the order of the lives.
 */
export function judgeLives(
  objects: readonly Pick<FoundObject, 'key' | 'bytes'>[],
  lives: readonly Life[],
  { maxSize, isAtOnce = false }: { readonly maxSize: number; readonly isAtOnce?: boolean },
): string[] {
  const problems: string[] = [];
  const all: Line[] = [];
  for (const { key, bytes } of objects) {
    if (bytes.byteLength > maxSize) problems.push(`${key} is ${bytes.byteLength} bytes long`);
    if (bytes.byteLength === 0) problems.push(`${key} is empty`);
    const lines = linesIn(bytes.toString());
    if (typeof lines === 'string') problems.push(`${key} has a torn line: ${lines}`);
    else all.push(...lines);
  }
  for (const { life, isKilled, acknowledged, error } of lives) {
    if (error !== undefined) problems.push(`life ${life} failed: ${error}`);
    const numbers = all.filter((line) => line.life === life).map(({ number }) => number);
    if (numbers.some((number, index) => number !== index)) {
      problems.push(`the lines of life ${life} are not in order, or not there once: ${numbers}`);
    }
    const isRight = isKilled ? numbers.length >= acknowledged : numbers.length === acknowledged;
    if (!isRight) {
      problems.push(`life ${life} has ${numbers.length} lines: ${acknowledged} were acknowledged`);
    }
  }
  // What was on its way when its writer was killed may land behind what the next one has written.
  const acknowledged = all.filter(({ life, number }) =>
    lives.some((it) => it.life === life && number < it.acknowledged),
  );
  const isSorted = acknowledged.every(
    ({ life }, index) => life >= (acknowledged[index - 1]?.life ?? 0),
  );
  if (!isAtOnce && !isSorted) problems.push('the lives are not in order');
  return problems;
}

/** The lines in a text; or the beginning of what is none. */
function linesIn(text: string): Line[] | string {
  const lines: Line[] = [];
  let rest = text;
  while (rest.length > 0) {
    const [, life, number] = /^life (\d+), line (\d+) /.exec(rest) ?? [];
    const line = { life: Number(life), number: Number(number) };
    const expected = life === undefined ? '' : lineOf(line.life, line.number);
    if (expected === '' || !rest.startsWith(expected)) return JSON.stringify(rest.slice(0, 60));
    lines.push(line);
    rest = rest.slice(expected.length);
  }
  return lines;
}
