// The long form of the fault matrix: every trouble at every place with every repetition, with
// larger chunks too, and separate processes for each trouble. Writes bench/results/fault-matrix.md.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inParallel } from '../../helpers/in-parallel.js';
import { Remote } from '../../helpers/remote.js';
import { casesOf, chunkCount, type FaultCase, nameOf } from './fault-case.js';
import { judge } from './judge.js';
import { type KillingSpree, killAtRandom } from './kill-at-random.js';
import { type Outcome, outcomeTable } from './outcome-table.js';
import { runCase } from './run-case.js';
import { Stage } from './stage.js';
import { kills, type Trouble, troubles } from './trouble.js';
import type { WriterFunctions } from './writer-process.js';

const writerProgram = 'test/guarantees/fault-matrix/writer-process';
const chunkSizes = [4 * 1024, 1024 * 1024];
const outcomes: Outcome[] = [];
const startedAt = performance.now();

for (const trouble of [...troubles, ...kills]) outcomes.push(...(await prove(trouble)));
const sprees: KillingSpree[] = [];
for (let round = 0; round < 20; round++) sprees.push(await killInOneRound());

const wrong = [...outcomes, ...sprees].flatMap(({ problems }) => problems);
const table = [introduction(), outcomeTable(outcomes), ''].join('\n\n');
await mkdir('bench/results', { recursive: true });
await writeFile('bench/results/fault-matrix.md', table);
console.log(`\n${table}`);
for (const problem of wrong) console.log(`PROBLEM: ${problem}`);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Runs all cases of a trouble on one server. */
async function prove(trouble: Trouble): Promise<Outcome[]> {
  const isKilled = trouble.cut?.how === 'kill';
  return inFolder(async (dir) => {
    await using stage = await Stage.set(isKilled ? dir : undefined);
    await using writer = new Remote<WriterFunctions>(writerProgram);
    // The timeout grows with the chunk: a silent append of 1 MiB would take half a minute.
    const sizes = trouble.requestTimeout === undefined ? chunkSizes : chunkSizes.slice(0, 1);
    const runs = sizes.flatMap((chunkSize) =>
      casesOf(trouble).map((faultCase) => () => runOne({ stage, writer }, faultCase, chunkSize)),
    );
    const isAlone = isKilled || trouble.isGlobal;
    return await inParallel(runs, isAlone ? 1 : 4);
  });
}

async function killInOneRound(): Promise<KillingSpree> {
  return inFolder(async (dir) => {
    await using stage = await Stage.set(dir);
    await using writer = new Remote<WriterFunctions>(writerProgram);
    const spree = await killAtRandom(stage, {
      most: 8,
      write: (job) => writer.call('write', job),
    });
    console.log(`server killed ${spree.kills} times: ${spree.report.error?.name ?? 'delivered'}`);
    return spree;
  });
}

async function inFolder<T>(run: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'fault-matrix-'));
  try {
    return await run(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function runOne(
  { stage, writer }: { readonly stage: Stage; readonly writer: Remote<WriterFunctions> },
  faultCase: FaultCase,
  chunkSize: number,
): Promise<Outcome> {
  const result = await runCase(stage, faultCase, {
    chunkSize,
    write: (job) => writer.call('write', job),
  });
  const problems = judge(faultCase, result);
  const ending = result.report.error?.name ?? 'delivered';
  const verdict = problems.length === 0 ? 'ok   ' : 'WRONG';
  console.log(`${verdict}  ${nameOf(faultCase)}, ${chunkSize / 1024} KiB: ${ending}`);
  return { faultCase, report: result.report, problems };
}

function introduction(): string {
  const delivered = outcomes.filter(({ report }) => report.error === undefined).length;
  const good = outcomes.filter(({ problems }) => problems.length === 0).length;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const sizes = chunkSizes.map((size) => `${size / 1024} KiB`).join(' and ');
  return `# Fault matrix

Written by \`npm run proof\` with Node.js ${process.version} in ${seconds} s. In each run a process writes ${chunkCount} chunks of ${sizes} (only the smaller size where the run waits for a timeout) through \`AppendWritable\` and a relay, which can break the connection, to an emulator in another process. Each fault affects the first, a middle and the last chunk: once, three times in a row (with eight retries), and without end (with two).

${outcomes.length} runs: ${delivered} delivered, ${outcomes.length - delivered} ended with an error. ${good} of ${outcomes.length} were right. Delivered: the SHA-256 of the object is that of the source. Error: it is the expected one, the bytes committed before are intact, the bytes handed back are exactly the rest, no chunk is in the object twice, and a chunk confirmed as not stored is not in the object.

In addition, ${sprees.length} streams of 300 chunks wrote to a server that was killed ${sum(sprees.map(({ kills }) => kills))} times at random moments and restarted on its folder: ${sprees.filter(({ problems }) => problems.length === 0).length} were delivered with the same SHA-256.`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
