// What do several writers of one object cost each other? Exits with 1 if that is too much.
//
//   npm run bench -- sharing
import type { SharingSetting } from './contenders/sharing-writers.js';
import type { Contender } from './harness/assignment.js';
import { type CommonSetting, measure } from './harness/benchmark.js';
import { describeProcessors } from './harness/environment.js';
import { base, isQuick } from './harness/flags.js';
import { type Gate, judge, verdictRows } from './harness/gate.js';
import type { Report, Result } from './harness/report.js';
import { keep, print, save } from './harness/results.js';
import { markdownTable } from './harness/units.js';

type Setting = CommonSetting & SharingSetting;

const ours: Contender = {
  name: "AppendWritable, conflict: 'rebase'",
  module: 'sharing-writers',
  isOurs: true,
  // It has a store of its own, which compares by the content of each line.
  isLocal: true,
};

const common = {
  protocol: 'http',
  delay: 0,
  storeDelay: 20,
  source: 'ascii',
  pieceLength: 100,
  byteLength: 0,
  lineLength: 100,
  linesPerChunk: 10,
  interval: 0,
  isInStep: false,
} as const;

function saturated(writers: number): Setting {
  const appendsEach = isQuick ? 3 : 400;
  return { ...common, name: `${writers} writers that always have a chunk`, writers, appendsEach };
}

function periodic(name: string, isInStep: boolean): Setting {
  const interval = isQuick ? 100 : 2000;
  const appendsEach = isQuick ? 2 : 10;
  return { ...common, name, writers: 32, appendsEach, interval, isInStep };
}

const two = saturated(2);
const eight = saturated(8);
const random = periodic('32 writers with a chunk each two seconds', false);
const inStep = periodic('32 writers with a chunk each two seconds, all at once', true);
const settings = isQuick ? [two, random] : [two, eight, random, inStep];

const rate = { contender: ours, figure: 'appends/s by 1/service time' };
const fairness = { contender: ours, figure: 'fewest by most' };
const waiting = { contender: ours, figure: 'longest wait s' };
const gates: readonly Gate<Setting>[] = [
  { measure: 'two writers: appends/s by 1/service time', setting: two, ...rate, atLeast: 0.75 },
  { measure: 'fewest appends of a writer by most', setting: two, ...fairness, atLeast: 0.75 },
  { measure: 'eight writers: appends/s by 1/service time', setting: eight, ...rate, atLeast: 0.9 },
  { measure: 'fewest appends of a writer by most', setting: eight, ...fairness, atLeast: 0.8 },
  { measure: '32 writers: longest wait in s', setting: random, ...waiting, atMost: 1 },
  // There is no less to wait for than 32 appends.
  { measure: '32 writers, all at once: longest wait in s', setting: inStep, ...waiting, atMost: 1 },
];

const report = await measure({
  name: 'sharing',
  question: 'What do several writers of one object cost each other?',
  settings,
  contenders: [ours],
  compare: ['appends/s'],
  repeats: 3,
  // Long enough without a warm-up.
  isFresh: true,
  onResults: print,
});
// A comparison of two revisions does not judge the gates.
if (base === undefined) await passJudgement(report);
else await save(report);

async function passJudgement(measured: Report): Promise<void> {
  const verdicts = gates
    .filter(({ setting }) => settings.includes(setting))
    .map((gate) => judge(gate, measured));
  const table = markdownTable(verdictRows(verdicts));
  console.log(`\n${table}`);
  await save({ ...measured, verdicts });
  await keep('sharing.md', describe(measured, table));
  if (!isQuick && verdicts.some(({ passed }) => !passed)) process.exitCode = 1;
}

function describe({ environment, repeats, results }: Report, table: string): string {
  const { node, commit } = environment;
  const names = Object.keys(results[0]?.figures ?? {});
  const row = ({ setting, figures }: Result) => [
    String(setting.name),
    ...names.map((name) => (figures[name]?.median ?? Number.NaN).toFixed(2)),
  ];
  return `# Several writers on one object

Written by \`npm run bench -- sharing\` at commit ${commit}, with Node.js ${node} on ${describeProcessors(environment)}. Medians of ${repeats} repeats. The store takes 20 ms for each request: it compares the position after half of them, and answers, or refuses, after the other half. Writers that always have a chunk go on until each has made 400 appends; the others write ten chunks each, beginning at random moments unless they write all at once. The service time is the median duration of an append of a single writer, before and after. Every line names its writer and its number, and the store looks at each.

${table}

${markdownTable([['', ...names], ...results.map(row)])}
`;
}
