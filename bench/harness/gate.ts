import type { Contender, Setting } from './assignment.js';
import type { Report, Verdict } from './report.js';
import { ratios, summarize } from './statistics.js';

/** A required speed. */
export interface Gate<S> {
  /** Description of the measurement. */
  readonly measure: string;
  readonly setting: S;
  readonly contender: Contender;

  /**
   * Divides the contender's figure by that of this one; absent if the figure is already a ratio.
   */
  readonly against?: Contender;
  readonly figure: string;

  /** The least allowed median. */
  readonly atLeast?: number;

  /** The greatest allowed median. */
  readonly atMost?: number;
}

/** Compares pair by pair, within each repeat. */
export function judge<S extends { readonly name: string }>(gate: Gate<S>, report: Report): Verdict {
  const { measure, setting, contender, against, figure, atLeast, atMost } = gate;
  const samplesOf = ({ name }: Contender) => {
    const isIt = (result: { setting: Setting; contender: string }) =>
      result.setting.name === setting.name && result.contender === name;
    const samples = report.results.find(isIt)?.figures[figure]?.samples;
    if (samples === undefined) throw new Error(`There is no ${figure} of ${name} in the report`);
    return samples;
  };
  const own = samplesOf(contender);
  const summary = against ? ratios(own, samplesOf(against)) : summarize(own);
  const passed = summary.median >= (atLeast ?? 0) && summary.median <= (atMost ?? Infinity);
  const must = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  return { measure, must, passed, ...summary };
}

/** Rows of a table of verdicts, with its head. */
export function verdictRows(verdicts: readonly Verdict[]): string[][] {
  const head = ['gate', 'must be', 'measured', 'least', 'most', 'passed'];
  const rows = verdicts.map(({ measure, must, median, least, most, passed }) => [
    ...[measure, must, ...[median, least, most].map((value) => value.toFixed(2))],
    passed ? 'yes' : '**no**',
  ]);
  return [head, ...rows];
}
