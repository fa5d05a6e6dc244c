import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Setting } from './assignment.js';
import type { ChartPlan } from './chart.js';
import type { Environment } from './environment.js';
import { base, output } from './flags.js';
import type { Verdict } from './gate.js';
import type { Summary } from './statistics.js';

/** One contender under one setting. */
export interface Result {
  readonly setting: Setting;
  readonly contender: string;
  readonly figures: Readonly<Record<string, Summary>>;

  /** Of the figures that are compared: those of the contender by those of the first, run by run. */
  readonly ratios: Readonly<Record<string, Summary>>;

  /** Most memory the contender's process held, in bytes. */
  readonly peakRss: number;
}

/** All there is to say about one benchmark. */
export interface Report {
  readonly name: string;
  readonly question: string;
  readonly environment: Environment;
  readonly repeats: number;
  readonly compare: readonly string[];
  readonly results: readonly Result[];

  /** For a benchmark that says what must be. */
  readonly verdicts?: readonly Verdict[];
}

/** Prints the results of one setting. */
export function print(results: readonly Result[]): void {
  const [first] = results;
  if (first === undefined) return;
  console.log(`\n${first.setting.name}`);
  console.table(Object.fromEntries(results.map((result) => [result.contender, row(result)])));
}

function row({ figures, ratios, peakRss }: Result): Record<string, string> {
  const compared = Object.entries(ratios).map(([name, ratio]) => [
    `${name}: ratio`,
    `${short(ratio.median)} (${short(ratio.least)} to ${short(ratio.most)})`,
  ]);
  const measured = Object.entries(figures).map(([name, figure]) => [name, short(figure.median)]);
  return {
    ...Object.fromEntries([...measured, ...compared]),
    'peak RSS MB': (peakRss / 1e6).toFixed(0),
  };
}

function short(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** Keeps the report, and pictures of it, where results are kept. */
export async function save(report: Report, charts: readonly ChartPlan[] = []): Promise<void> {
  await keep(`${report.name}.json`, `${JSON.stringify(report, undefined, 1)}\n`);
  // Two revisions are compared in numbers.
  if (output === undefined || base !== undefined || charts.length === 0) return;
  // It takes long to load.
  const { drawChart } = await import('./chart.js');
  for (const plan of charts) await keep(`${plan.name}.svg`, drawChart(report, plan));
}

/** Writes a file where results are kept, if they are. */
export async function keep(file: string, text: string): Promise<void> {
  if (output === undefined) return;
  await mkdir(output, { recursive: true });
  await writeFile(join(output, file), text);
}
