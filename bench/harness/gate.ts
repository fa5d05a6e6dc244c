import type { Contender, Setting } from './assignment.js';
import type { Report, Verdict } from './report.js';
import { ratios, summarize } from './statistics.js';

/** What must not get worse. */
export interface Gate<S> {
  /** What is measured, in words. */
  readonly measure: string;
  readonly setting: S;
  readonly contender: Contender;

  /** Whose figure the contender's is divided by; none if the figure is a ratio by itself. */
  readonly against?: Contender;
  readonly figure: string;

  /** What the median must reach, */
  readonly atLeast?: number;

  /** or what it must not exceed. */
  readonly atMost?: number;
}

/** Compares pair by pair, inside each repeat. */
export function judge<S extends { readonly name: string }>(gate: Gate<S>, report: Report): Verdict {
  const { measure, setting, contender, against, figure, atLeast, atMost } = gate;
  const samplesOf = ({ name }: Contender) => {
    const isIt = (result: { setting: Setting; contender: string }) =>
      result.setting.name === setting.name && result.contender === name;
    const samples = report.results.find(isIt)?.figures[figure]?.samples;
    if (samples === undefined) throw new Error(`Nobody measured ${figure} of ${name}`);
    return samples;
  };
  const own = samplesOf(contender);
  const summary = against ? ratios(own, samplesOf(against)) : summarize(own);
  const passed = summary.median >= (atLeast ?? 0) && summary.median <= (atMost ?? Infinity);
  const must = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return { measure, must, passed, ...summary };
}

/** Rows for people, by what they are about. */
export function verdictRows(verdicts: readonly Verdict[]): string[][] {
  const head = ['gate', 'must be', 'measured', 'least', 'most', 'passed'];
  const rows = verdicts.map(({ measure, must, median, least, most, passed }) => [
    ...[measure, must, ...[median, least, most].map((value) => value.toFixed(2))],
    passed ? 'yes' : '**no**',
  ]);
  return [head, ...rows];
}
