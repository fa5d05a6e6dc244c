// How fast are objects read, followed and converted, and how late is a reader? Exits with 1 if it is
// not as fast as required.
//
//   npm run bench -- reading
import type { Contender } from './harness/assignment.js';
import { type CommonSetting, measure } from './harness/benchmark.js';
import { describeProcessors } from './harness/environment.js';
import { base, isQuick } from './harness/flags.js';
import { type Gate, judge, verdictRows } from './harness/gate.js';
import type { Report } from './harness/report.js';
import { keep, print, save } from './harness/results.js';
import { MiB, markdownTable } from './harness/units.js';

interface Setting extends CommonSetting {
  readonly chunkSize?: number;
  readonly pollInterval?: number;
}

const undiciDownload: Contender = { name: 'undici download', module: 'undici-download' };
const reader: Contender = { name: 'AppendReadable', module: 'append-readable', isOurs: true };
const aliOssDownload: Contender = { name: 'ali-oss getStream', module: 'ali-oss-download' };
const undiciCopy: Contender = { name: 'undici download and appends', module: 'undici-copy' };
const convert: Contender = { name: 'convertToAppendable', module: 'convert', isOurs: true };
const aliOssCopy: Contender = { name: 'ali-oss getStream and append', module: 'ali-oss-copy' };
const follower: Contender = { name: 'AppendReadable', module: 'read-latency', isOurs: true };

const common = {
  protocol: 'http',
  source: 'buffers',
  pieceLength: 65_536,
  byteLength: (isQuick ? 2 : 64) * MiB,
} as const;
const slow = { ...common, delay: 5 } as const;
const whole: Setting = { ...slow, name: 'an object, 5 ms before each MiB', stored: 'object' };
const growing: Setting = {
  ...slow,
  name: 'an object that grows by 4 MiB with each HEAD, 5 ms',
  stored: 'growing object',
  // The chunks of a writer with the default `chunkSize`.
  step: 4 * MiB,
};
const copied: Setting = {
  ...slow,
  name: 'a conversion in chunks of 1 MiB, 5 ms',
  stored: 'source',
  chunkSize: MiB,
};
const prompt: Setting = { ...common, delay: 0, name: 'an object, no delay', stored: 'object' };
const lineLength = 200;
const late: Setting = {
  name: 'a line now and then, 5 ms',
  protocol: 'http',
  delay: 5,
  source: 'ascii',
  pieceLength: lineLength,
  // One period of the source is 327 lines: too many to wait for.
  byteLength: (isQuick ? 5 : 20) * lineLength,
  pollInterval: isQuick ? 20 : 1000,
};

const contenders = new Map<Setting, readonly Contender[]>([
  [whole, [undiciDownload, reader, aliOssDownload]],
  [growing, [undiciDownload, reader]],
  [copied, [undiciCopy, convert, aliOssCopy]],
  [prompt, [undiciDownload, reader, aliOssDownload]],
  [late, [follower]],
]);

const speed = { figure: 'MB/s', atLeast: 0.9 };
const gates: readonly Gate<Setting>[] = [
  {
    measure: 'reading an object, 5 ms before each MiB, by undici download',
    ...speed,
    setting: whole,
    contender: reader,
    against: undiciDownload,
  },
  {
    measure: 'following an object that grows by 4 MiB, 5 ms, by HEAD and GET through undici',
    ...speed,
    setting: growing,
    contender: reader,
    against: undiciDownload,
  },
  {
    measure: 'converting in chunks of 1 MiB, 5 ms, by undici download and appends',
    ...speed,
    setting: copied,
    contender: convert,
    against: undiciCopy,
  },
  {
    measure: 'from commit to reader, half of all, by poll interval',
    setting: late,
    contender: follower,
    figure: 'read p50 by interval',
    // Half of the interval, but for the chance of twenty random moments.
    atMost: 0.7,
  },
  {
    measure: 'from commit to reader, p99, by poll interval',
    setting: late,
    contender: follower,
    figure: 'read p99 by interval',
    atMost: 1.05,
  },
];

const report = await measure<Setting>({
  name: 'reading',
  question: 'How fast are objects read, followed and converted, and how late is a reader?',
  onResults: print,
  settings: [...contenders.keys()],
  // The speed of a shared machine changes from one minute to the next.
  repeats: 9,
  compare: ['MB/s'],
  contenders: (setting) => contenders.get(setting) ?? [],
});
// A comparison of two revisions does not judge the gates.
if (base === undefined) await passJudgement(report);
else await save(report);

async function passJudgement(measured: Report): Promise<void> {
  const verdicts = gates.map((gate) => judge(gate, measured));
  const table = markdownTable(verdictRows(verdicts));
  console.log(`\n${table}`);
  await save({ ...measured, verdicts });
  await keep('reading.md', describe(measured, table));
  if (!isQuick && verdicts.some(({ passed }) => !passed)) process.exitCode = 1;
}

function describe({ environment, repeats, results }: Report, table: string): string {
  const { node, undici: version, commit } = environment;
  const rows = results
    .filter(({ ratios }) => ratios['MB/s'] !== undefined)
    .map(({ setting, contender, figures, ratios }) => [
      String(setting.name),
      contender,
      ...[figures['MB/s']?.median, ratios['MB/s']?.median].map((it) =>
        (it ?? Number.NaN).toFixed(2),
      ),
    ]);
  return `# Reading

Written by \`npm run bench -- reading\` at commit ${commit}, with Node.js ${node} and undici ${version} on ${describeProcessors(environment)}. Medians of ${repeats} alternated repeats after a warm-up; ratios are those of two figures of the same repeat.

${table}

${markdownTable([['', 'who', 'MB/s', 'by the bare loop'], ...rows])}
`;
}
