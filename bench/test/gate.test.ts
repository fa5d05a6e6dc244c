import { expect, test } from 'vitest';
import type { Contender } from '../harness/assignment.js';
import { type Gate, judge, verdictRows } from '../harness/gate.js';
import type { Report } from '../harness/report.js';
import { summarize } from '../harness/statistics.js';

const setting = { name: 'a setting' };
const ours: Contender = { name: 'ours', module: 'any' };
const theirs: Contender = { name: 'theirs', module: 'any' };

// The median of the ratios is 0.6; the ratio of the medians would be 0.75.
const samples = { ours: [10, 30, 60], theirs: [20, 50, 40] };
const common = { measure: 'rate', setting, contender: ours, figure: 'MB/s' };

test.each<{ scenario: string; gate: Gate<typeof setting>; median: number; passed: boolean }>([
  {
    scenario: 'a ratio that is just reached',
    gate: { ...common, against: theirs, atLeast: 0.6 },
    median: 0.6,
    passed: true,
  },
  {
    scenario: 'a ratio that is not reached',
    gate: { ...common, against: theirs, atLeast: 0.61 },
    median: 0.6,
    passed: false,
  },
  {
    scenario: 'a figure that is at its bound',
    gate: { ...common, atMost: 30 },
    median: 30,
    passed: true,
  },
  {
    scenario: 'a figure beyond its bound',
    gate: { ...common, atMost: 29.9 },
    median: 30,
    passed: false,
  },
])('judge() of $scenario: passed is $passed', ({ gate, median, passed }) => {
  expect(judge(gate, report())).toMatchObject({ median, passed });
});

test('judge() throws for a figure that was not measured', () => {
  const unknown = { ...common, figure: 'lines/s', atLeast: 1 };
  const elsewhere = { ...common, setting: { name: 'another' }, atLeast: 1 };

  expect(() => judge(unknown, report())).toThrow('There is no lines/s of ours in the report');
  expect(() => judge(elsewhere, report())).toThrow('There is no MB/s of ours in the report');
});

test('verdictRows() shows each requirement and whether it is met', () => {
  const verdicts = [
    judge({ ...common, against: theirs, atLeast: 0.5 }, report()),
    judge({ ...common, atMost: 29 }, report()),
  ];

  expect(verdictRows(verdicts).slice(1)).toEqual([
    ['rate', 'at least 0.5', '0.60', '0.50', '1.50', 'yes'],
    ['rate', 'at most 29', '30.00', '10.00', '60.00', '**no**'],
  ]);
});

function report(): Report {
  const results = ([ours, theirs] as const).map(({ name }) => ({
    setting,
    contender: name,
    ratios: {},
    peakRss: 0,
    figures: { 'MB/s': summarize(samples[name as keyof typeof samples]) },
  }));
  return { results } as unknown as Report;
}
