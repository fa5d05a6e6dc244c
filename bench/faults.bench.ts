// Which bytes do the usual ways to append to OSS lose, duplicate or misreport under the faults of
// the fault matrix, and which does AppendWritable? Compares what each writer reports with the
// object.
//
//   npm run bench -- faults             writes bench/results/faults.md
//   npm run bench -- faults --quick     checks the harness: some of the faults, once
import { mkdir, writeFile } from 'node:fs/promises';
import { casesOf, type FaultCase } from '../test/guarantees/fault-matrix/fault-case.js';
import type { Job } from '../test/guarantees/fault-matrix/job.js';
import { runCase } from '../test/guarantees/fault-matrix/run-case.js';
import { Stage } from '../test/guarantees/fault-matrix/stage.js';
import { type Trouble, troubles } from '../test/guarantees/fault-matrix/trouble.js';
import { Remote } from '../test/helpers/remote.js';
import { type Account, account } from './faults/account.js';
import type { Claims } from './faults/claims.js';
import type { WriterFunctions } from './faults/writer-process.js';
import { type WriterName, writers } from './faults/writers.js';

const isQuick = process.argv.includes('--quick');
const names = Object.keys(writers) as WriterName[];
const columns = [
  'runs',
  'bytes lost',
  'bytes duplicated',
  'false success',
  'false failure',
  'said unknown',
];

/** Without faults of HEAD, which the others do not send, and without a clock that jumps for all. */
const common = troubles.filter(({ head, isGlobal }) => head === undefined && !isGlobal);
const chosen = isQuick ? common.filter(({ name }) => /^(drop|stranger)/.test(name)) : common;

const accounts = new Map<WriterName, Map<string, Account[]>>(
  names.map((name) => [name, new Map()]),
);
{
  await using stage = await Stage.set();
  await using writer = new Remote<WriterFunctions>('bench/faults/writer-process');
  for (const trouble of chosen) {
    for (const [name, of] of accounts) {
      const write = (job: Job) => writer.call('write', name, job);
      of.set(trouble.name, await runAll(trouble, { stage, write }));
    }
    console.log(`${trouble.name}: done`);
  }
}
const text = report();
console.log(`\n${text}`);
if (!isQuick) {
  await mkdir('bench/results', { recursive: true });
  await writeFile('bench/results/faults.md', text);
}

interface Scene {
  readonly stage: Stage;
  readonly write: (job: Job) => Promise<Claims>;
}

async function runAll(trouble: Trouble, { stage, write }: Scene): Promise<Account[]> {
  const cases = casesOf(trouble).filter(isFair);
  const runOne = async (faultCase: FaultCase) =>
    account(faultCase, await runCase(stage, faultCase, { write, chunkSize: 4096 }));
  return Promise.all(cases.map(runOne));
}

/** Leaves out repeated destruction of the object, whose losses are not the writer's fault. */
function isFair({ trouble, repetition }: FaultCase): boolean {
  if (isQuick && repetition !== 'once') return false;
  return trouble.leaves !== 'nothing' || repetition === 'once';
}

function report(): string {
  const totals = names.map((name) =>
    row(`${name}`, [...(accounts.get(name)?.values() ?? [])].flat()),
  );
  const details = chosen.flatMap(({ name: trouble }) =>
    names.flatMap((name) => {
      const of = accounts.get(name)?.get(trouble) ?? [];
      return of.some(isBad) ? [row(`${trouble} | ${name}`, of)] : [];
    }),
  );
  return `# The same faults, five writers

Written by \`npm run bench -- faults\` with Node.js ${process.version}. Each run writes five chunks of 4 KiB through a relay to the emulator. A fault affects the first, a middle or the last append: once, three times in a row, or without end, with eight retries (without end: two). *False success*: runs whose writer reported no error although the object is not what was written. *False failure*: runs whose writer reported bytes as failed that are in the object, so that sending them again duplicates them. *Said unknown*: runs whose writer reported the outcome as unknown and handed the bytes back as unconfirmed.

${table(['writer', ...columns], totals)}

By fault, where bytes were lost, duplicated or misreported:

${table(['fault', 'writer', ...columns], details)}
`;
}

function isBad({ lost, duplicated, isFalseSuccess, isFalseFailure }: Account): boolean {
  return lost > 0 || duplicated > 0 || isFalseSuccess || isFalseFailure;
}

function row(name: string, of: readonly Account[]): string {
  const sum = (value: (it: Account) => number | boolean) =>
    of.reduce((total, it) => total + Number(value(it)), 0);
  const cells = [
    of.length,
    sum(({ lost }) => lost),
    sum(({ duplicated }) => duplicated),
    sum(({ isFalseSuccess }) => isFalseSuccess),
    sum(({ isFalseFailure }) => isFalseFailure),
    sum(({ isUnknown }) => isUnknown),
  ];
  return `| ${[name, ...cells].join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  const rule = head.map(() => '---').join(' | ');
  return [`| ${head.join(' | ')} |`, `| ${rule} |`, ...rows].join('\n');
}
