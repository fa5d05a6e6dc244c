import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChartPlan } from './chart.js';
import { base, output } from './flags.js';
import type { Report, Result } from './report.js';

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

/** Writes the report and its charts into the folder for results. */
export async function save(report: Report, charts: readonly ChartPlan[] = []): Promise<void> {
  await keep(`${report.name}.json`, `${JSON.stringify(report, undefined, 1)}\n`);
  // A comparison of two revisions has no charts.
  if (output === undefined || base !== undefined || charts.length === 0) return;
  // Loaded only now, because it takes long.
  const { drawChart } = await import('./chart.js');
  for (const plan of charts) await keep(`${plan.name}.svg`, drawChart(report, plan));
}

/** Writes a file into the folder for results, if there is one. */
export async function keep(file: string, text: string): Promise<void> {
  if (output === undefined) return;
  await mkdir(output, { recursive: true });
  await writeFile(join(output, file), text);
}
