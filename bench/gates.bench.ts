// Is AppendWritable as fast as required? Exits with 1 if it is not.
//
//   npm run bench -- gates
import type { Contender } from './harness/assignment.js';
import { type CommonSetting, measure } from './harness/benchmark.js';
import { describeProcessors } from './harness/environment.js';
import { base, isQuick } from './harness/flags.js';
import { type Gate, judge, verdictRows } from './harness/gate.js';
import type { PaceSetting } from './harness/paced-producer.js';
import type { Report } from './harness/report.js';
import { keep, print, save } from './harness/results.js';
import { KiB, MiB, markdownTable, sizeLabel } from './harness/units.js';

interface Setting extends CommonSetting, Partial<Omit<PaceSetting, keyof CommonSetting>> {
  /** Default: that of the library. */
  readonly chunkSize?: number;
  readonly flushInterval?: number;
}

const undici: Contender = { name: 'undici loop', module: 'undici-loop' };
const undiciWithChecksum: Contender = {
  name: 'undici loop with CRC-64',
  module: 'undici-loop',
  options: { checksum: true },
};
const ours: Contender = { name: 'AppendWritable', module: 'append-writable', isOurs: true };
const oursWithLines: Contender = {
  ...ours,
  name: 'AppendWritable, 200 B lines',
  options: { source: 'ascii', pieceLength: 200 },
};
const oursUnverified: Contender = {
  ...ours,
  name: "AppendWritable, verify: 'none'",
  options: { verify: 'none' },
};
const oursWholeLines: Contender = {
  ...ours,
  name: 'AppendWritable, recordDelimiter',
  options: { hasWholeLines: true },
};
const oursByDay: Contender = {
  ...ours,
  name: 'AppendWritable, recordDelimiter, an object a day',
  options: { hasWholeLines: true, interval: 86_400_000, objects: 1 },
};
const oursPaced: Contender = {
  name: 'AppendWritable, 10 MB/s of 200 B lines',
  module: 'paced-append-writable',
  isOurs: true,
};
const sonicBoom: Contender = {
  name: 'sonic-boom to /dev/null',
  module: 'sonic-boom',
  isLocal: true,
};
const aliOss: Contender = { name: 'ali-oss append loop', module: 'ali-oss-loop' };

function chunks(chunkSize: number, delay: number, byteLength: number): Setting {
  return {
    name: `chunks of ${sizeLabel(chunkSize)}, delay of ${delay} ms`,
    chunkSize,
    delay,
    protocol: 'http',
    source: 'buffers',
    pieceLength: 64 * KiB,
    byteLength: isQuick ? 2 * MiB : byteLength,
  };
}

function lines(pieceLength: number): Setting {
  return {
    name: `lines of ${pieceLength} B`,
    protocol: 'http',
    delay: 0,
    source: 'ascii',
    pieceLength,
    byteLength: (isQuick ? 2 : 128) * MiB,
  };
}

const lines200 = lines(200);
const delayed = chunks(MiB, 5, 128 * MiB);
// Long, because code that runs once per chunk is compiled only after hundreds of chunks.
const prompt = chunks(MiB, 0, KiB * MiB);
const small = chunks(64 * KiB, 5, 25 * MiB);

/** Objects of four chunks each, as long as the chunks together. */
const oursRolling: Contender = {
  ...ours,
  name: 'AppendWritable, a new object each 4 chunks',
  options: { maxSize: 256 * KiB, objects: small.byteLength / (256 * KiB) },
};
const paced: Setting = {
  name: '10 MB/s, delay of 20 ms',
  protocol: 'http',
  delay: 20,
  flushInterval: 0,
  source: 'ascii',
  pieceLength: 200,
  rate: 10e6,
  byteLength: 20e6,
  ...(isQuick
    ? { warmUp: 50, duration: 150, patience: 300 }
    : { warmUp: 300, duration: 1500, patience: 1500 }),
};

const speed = { contender: ours, figure: 'MB/s' };
const gates: readonly Gate<Setting>[] = [
  {
    measure: 'CRC-64 on, 1 MiB chunks, 5 ms server, 64 KiB Buffers, by undici loop',
    ...speed,
    setting: delayed,
    against: undici,
    atLeast: 0.9,
  },
  {
    measure: 'the same, 200 B lines',
    ...speed,
    setting: delayed,
    contender: oursWithLines,
    against: undici,
    atLeast: 0.85,
  },
  {
    measure: 'CRC-64 off, no delay, 1 MiB chunks, 64 KiB Buffers, by undici loop',
    ...speed,
    setting: prompt,
    contender: oursUnverified,
    against: undici,
    atLeast: 0.75,
  },
  {
    measure: 'CRC-64 on, no delay, 1 MiB chunks, by undici loop with the same CRC-64',
    ...speed,
    setting: prompt,
    against: undiciWithChecksum,
    atLeast: 0.85,
  },
  ...[
    { setting: lines(100), atLeast: 1.8 },
    { setting: lines200, atLeast: 1.5 },
    { setting: lines(KiB), atLeast: 0.9 },
  ].map(({ setting, atLeast }) => ({
    measure: `lines/s end to end, ${setting.pieceLength} B, by sonic-boom to /dev/null`,
    setting,
    contender: ours,
    against: sonicBoom,
    figure: 'lines/s',
    atLeast,
  })),
  {
    measure: 'lines/s, 200 B, with recordDelimiter by without',
    setting: lines200,
    contender: oursWholeLines,
    against: ours,
    figure: 'lines/s',
    atLeast: 0.97,
  },
  {
    measure: 'the same, an object a day, by one object',
    setting: lines200,
    contender: oursByDay,
    against: oursWholeLines,
    figure: 'lines/s',
    atLeast: 0.97,
  },
  {
    measure: 'a new object each 4 chunks, 64 KiB, 5 ms server, by one object',
    ...speed,
    setting: small,
    contender: oursRolling,
    against: ours,
    atLeast: 0.9,
  },
  ...[
    { setting: chunks(64 * KiB, 0, 512 * MiB), size: '64 KiB', atLeast: 2.5 },
    { setting: prompt, size: '1 MiB', atLeast: 2 },
    { setting: chunks(8 * MiB, 0, KiB * MiB), size: '8 MiB', atLeast: 1.8 },
  ].map(({ setting, size, atLeast }) => ({
    measure: `CRC-64 on, ${size} chunks, by ali-oss append loop`,
    ...speed,
    setting,
    against: aliOss,
    atLeast,
  })),
  {
    measure: 'ack p99, 20 ms server, 10 MB/s, `flushInterval: 0`, by service time',
    setting: paced,
    contender: oursPaced,
    figure: 'ack p99 by service time',
    atMost: 2.5,
  },
];

// One gate of each kind is enough to check the harness, which then runs one contender of each module.
const ofQuick = [lines200, paced];
const leftOut = [oursWholeLines, oursByDay];
const chosen = gates.filter(
  ({ setting, contender }) =>
    !isQuick || (ofQuick.includes(setting) && !leftOut.includes(contender)),
);

const report = await measure({
  name: 'gates',
  question: 'Is AppendWritable as fast as required?',
  onResults: print,
  settings: [...new Set(chosen.map(({ setting }) => setting))],
  // The speed of a shared machine changes from one minute to the next.
  repeats: 9,
  compare: ['MB/s', 'lines/s', 'ack p99 by service time'],
  contenders: (setting) => {
    const here = chosen.filter((gate) => gate.setting === setting);
    return [
      ...new Set(here.flatMap(({ against, contender }) => [against ?? contender, contender])),
    ];
  },
});
// A comparison of two revisions does not judge the gates.
if (base === undefined) await passJudgement(report);
else await save(report);

async function passJudgement(measured: Report): Promise<void> {
  const verdicts = chosen.map((gate) => judge(gate, measured));
  const table = markdownTable(verdictRows(verdicts));
  console.log(`\n${table}`);
  await save({ ...measured, verdicts });
  await keep('gates.md', describe(measured, table));
  if (!isQuick && verdicts.some(({ passed }) => !passed)) process.exitCode = 1;
}

function describe({ environment, repeats }: Report, table: string): string {
  const { node, undici: version, commit } = environment;
  return `# How fast it must be

Written by \`npm run bench -- gates\` at commit ${commit}, with Node.js ${node} and undici ${version} on ${describeProcessors(environment)}. Medians of ${repeats} alternated repeats after a warm-up; every number is a ratio of two figures of the same repeat.

${table}

On loopback without delay no checksum on the main thread keeps up with the socket, in JavaScript or WebAssembly: that of 1 MiB takes longer than its POST.
`;
}
