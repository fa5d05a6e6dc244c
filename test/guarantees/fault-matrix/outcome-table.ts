import type { FaultCase } from './fault-case.js';
import type { Report } from './job.js';
import { type Place, type Repetition, repetitions } from './trouble.js';

/** A case and its outcome. */
export interface Outcome {
  readonly faultCase: FaultCase;
  readonly report: Report;
  readonly problems: readonly string[];
}

/** Markdown with one row per trouble and one column per repetition. */
export function outcomeTable(outcomes: readonly Outcome[]): string {
  const names = [...new Set(outcomes.map(({ faultCase }) => faultCase.trouble.name))];
  const rows = names.map((name) => {
    const own = outcomes.filter(({ faultCase }) => faultCase.trouble.name === name);
    const cells = repetitions.map((repetition) => cell(own, repetition));
    const sum = (count: 'retries' | 'reconciles') =>
      String(own.reduce((total, { report }) => total + report[count], 0));
    return [name, ...cells, String(own.length), sum('retries'), sum('reconciles')];
  });
  const head = ['what goes wrong', ...repetitions, 'runs', 'retries', 'reconciles'];
  const rule = head.map(() => '---');
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** How the streams ended, listed by place where the places differ. */
function cell(outcomes: readonly Outcome[], repetition: Repetition): string {
  const places = new Map<string, Set<Place>>();
  for (const outcome of outcomes) {
    if (outcome.faultCase.repetition !== repetition) continue;
    const ending = endingOf(outcome);
    places.set(ending, (places.get(ending) ?? new Set()).add(outcome.faultCase.place));
  }
  if (places.size === 0) return '';
  if (places.size === 1) return [...places.keys()].join();
  return [...places].map(([ending, where]) => `${[...where].join(', ')}: ${ending}`).join('; ');
}

function endingOf({ report, problems }: Outcome): string {
  const ending = report.error?.name ?? 'delivered';
  return problems.length === 0 ? ending : `**WRONG** ${ending}`;
}
