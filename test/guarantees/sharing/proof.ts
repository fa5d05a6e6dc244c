// The long form of the proof that several processes may share an object: many mixtures of faults, with
// and without rollover and seal, one of the processes stopped, and operators that interfere.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatDuration } from '../../../src/quantity.js';
import { inParallel } from '../../helpers/in-parallel.js';
import { Random } from '../../simulation/random.js';
import { Stage } from '../fault-matrix/stage.js';
import { drawMixture, noFaults, pureMixtures } from './fault-mixture.js';
import { operatorActs } from './operator.js';
import { nameOfSharing, runSharing, type SharingCase } from './run-sharing.js';
import { judgeSharing } from './sharing-judge.js';
import { SharingWriter } from './sharing-writer.js';

const rounds = 40;
const startedAt = performance.now();
const problems: string[] = [];
const totals = { lines: 0, conflicts: 0, retries: 0, rollovers: 0, struck: 0 };

const writerCount = 4;
const common = { lineCount: 5000 };
const sizes = { maxSize: 200_000, chunkSize: 4096 };

/** By a seed: another mixture, other sizes, and each of the four kinds of streams in turn. */
function drawCase(seed: number): SharingCase {
  const random = new Random(seed);
  const chunkSize = random.pick([1024, 2048, 4096, 16_384]);
  const mixture = drawMixture(random);
  // An append that is stored and never answered.
  const stall = { kind: 'stall', operation: 'append', nth: random.integer(10, 100) } as const;
  return {
    ...common,
    chunkSize,
    maxSize: seed % 2 === 0 ? undefined : random.integer(4, 40) * chunkSize,
    seal: seed % 4 < 2,
    mixture: { ...mixture, name: `mixture ${seed}`, faults: [stall, ...mixture.faults] },
    stop: random.pick(['short', 'long'] as const),
  };
}

const cases: SharingCase[] = [
  ...[undefined, sizes.maxSize].flatMap((maxSize) =>
    [false, true].map(
      (seal): SharingCase => ({
        ...common,
        ...sizes,
        maxSize,
        seal,
        mixture: noFaults,
        stop: 'short',
      }),
    ),
  ),
  ...pureMixtures.map(
    (mixture, index): SharingCase => ({
      ...common,
      ...sizes,
      maxSize: index % 2 === 0 ? undefined : sizes.maxSize,
      seal: index % 4 > 1,
      mixture,
      stop: 'short',
    }),
  ),
  ...Array.from({ length: rounds }, (_, seed) => drawCase(seed)),
  ...operatorActs.flatMap((act, index) =>
    [undefined, sizes.maxSize].flatMap((maxSize) =>
      [noFaults, { ...drawMixture(new Random(index)), name: 'mixture' }].map(
        (mixture): SharingCase => ({ ...common, ...sizes, maxSize, seal: false, mixture, act }),
      ),
    ),
  ),
];

const only = process.argv[2];
const chosen = cases.filter((it) => only === undefined || nameOfSharing(it).includes(only));
await inParallel(
  chosen.map((sharingCase) => () => prove(sharingCase)),
  2,
);

for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(
  `${chosen.length} cases of ${writerCount} processes: ${totals.lines} lines, ${totals.conflicts} conflicts, ` +
    `${totals.retries} retries, ${totals.rollovers} rollovers, ${totals.struck} requests that a fault met ` +
    `in ${formatDuration(performance.now() - startedAt)}: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

async function prove(sharingCase: SharingCase): Promise<void> {
  const name = nameOfSharing(sharingCase);
  const found = await runOnStage(sharingCase).catch((error: Error) => [error.message]);
  console.log(`${found.length === 0 ? 'ok   ' : 'WRONG'}  ${name}`);
  for (const problem of found.slice(0, 5)) {
    console.log(`       ${problem}`);
    problems.push(`${name}: ${problem}`);
  }
}

async function runOnStage(sharingCase: SharingCase): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'sharing-'));
  const writers = SharingWriter.start(writerCount);
  try {
    await using stage = await Stage.set(sharingCase.act === 'fill' ? dir : undefined);
    const { objects, reports, task, struck } = await runSharing(stage, writers, sharingCase);
    for (const { acknowledged, conflicts, retries, rollovers } of reports) {
      totals.lines += acknowledged;
      totals.conflicts += conflicts;
      totals.retries += retries;
      totals.rollovers += rollovers;
    }
    totals.struck += struck;
    const isCalm = sharingCase.mixture === noFaults;
    return [
      ...judgeSharing(objects, reports, task),
      ...(reports.some(({ conflicts }) => conflicts > 0) ? [] : ['nobody met another writer']),
      ...(isCalm || struck > 0 ? [] : ['no fault has met a request']),
    ];
  } finally {
    await Promise.all(writers.map((writer) => writer[Symbol.asyncDispose]()));
    await rm(dir, { recursive: true, force: true });
  }
}
