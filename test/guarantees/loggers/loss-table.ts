import type { Leaving, LoggerCase } from './logger-case.js';
import type { Weather } from './run-logger.js';

/** A case and its outcome in one weather. */
export interface LoggerOutcome {
  readonly loggerCase: LoggerCase;
  readonly weather: Weather;

  /** Lines that are not in the object. */
  readonly lost: number;

  /** How many of these are in the file. */
  readonly saved: number;

  /** Lines that are duplicated, torn, or in the wrong place. */
  readonly spoilt: number;
  readonly problems: readonly string[];
}

/** Markdown with one row per logger and one column per way to end. */
export function lossTable(outcomes: readonly LoggerOutcome[]): string {
  const rowOf = ({ library, sink }: LoggerCase) => `${library}, ${sink}`;
  const names = [...new Set(outcomes.map(({ loggerCase }) => rowOf(loggerCase)))];
  const leavings = [...new Set(outcomes.map(({ loggerCase }) => loggerCase.leaving))];
  const rows = names.map((name) => {
    const own = outcomes.filter(({ loggerCase }) => rowOf(loggerCase) === name);
    return [name, ...leavings.map((leaving) => cell(own, leaving))];
  });
  const head = ['logger', ...leavings];
  const rule = head.map(() => '---');
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Lines lost, listed by weather (in their order) where the figures differ. */
function cell(outcomes: readonly LoggerOutcome[], leaving: Leaving): string {
  const own = outcomes.filter(({ loggerCase }) => loggerCase.leaving === leaving);
  const texts = own.map(textOf);
  return new Set(texts).size === 1 ? String(texts[0]) : texts.join(' / ');
}

function textOf({ lost, saved, spoilt, problems }: LoggerOutcome): string {
  const wrong = problems.length === 0 ? '' : '**WRONG** ';
  const inFile = saved === 0 ? '' : `, ${saved} in the file`;
  const badly = spoilt === 0 ? '' : `, ${spoilt} spoilt`;
  return `${wrong}${lost - saved}${inFile}${badly}`;
}
