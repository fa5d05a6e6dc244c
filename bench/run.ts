// Runs the benchmarks one after the other, or only the named ones:
//
//   npm run bench
//   npm run bench -- faults chunk-size --quick
//   npm run bench -- --output DIR        writes the results there instead of to bench/results
//   npm run bench -- --compare REV       another revision and this one, in turn; writes no results
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BaseBuild, findCommit } from './harness/base-build.js';
import { type Difference, differences, tendency } from './harness/comparison.js';
import { markdownTable } from './harness/units.js';

const suffix = '.bench.js';
const root = fileURLToPath(new URL('../..', import.meta.url));
const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(suffix))
  .map((name) => name.slice(0, -suffix.length));

/** These count bytes and measure no speed. */
const incomparable = ['faults'];

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

try {
  process.exitCode = await main();
} catch (error) {
  // The temporary files have been removed by now.
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
}

async function main(): Promise<number> {
  const { names, values, problem } = readArguments();
  if (problem !== undefined) return refuse(problem);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    return refuse(`Unknown benchmark '${unknown.join("', '")}': choose from ${known.join(', ')}`);
  }
  const flags = values.quick ? ['--quick'] : [];
  if (values.compare !== undefined) {
    if (values.output !== undefined)
      return refuse('Cannot use --output with --compare: a comparison writes no results');
    return compare(names, values.compare, flags);
  }
  if (values.output !== undefined) flags.push('--output', values.output);
  return runAll(names.length > 0 ? names : known, flags);
}

function readArguments() {
  const options = {
    quick: { type: 'boolean' },
    output: { type: 'string' },
    compare: { type: 'string' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { values, names: positionals };
  } catch (error) {
    const [reason] = (error as Error).message.split(/[.\n]/);
    const problem = `${reason}: the options are --quick, --output DIR and --compare REV`;
    return { values: {}, names: [], problem };
  }
}

function refuse(reason: string): number {
  console.error(reason);
  return 2;
}

/** Runs all of them, even if one fails. */
async function runAll(names: readonly string[], flags: readonly string[]): Promise<number> {
  let status = 0;
  // A benchmark that is stopped has no time to remove its temporary files.
  await using temporary = await makeTemporaryFolder();
  const env = { ...process.env, ...temporary.variables };
  for (const name of names) {
    console.log(`# ${name}`);
    const program = join(import.meta.dirname, `${name}${suffix}`);
    const [code] = await once(fork(program, flags, { signal: stop.signal, env }), 'exit');
    if (code !== 0) {
      console.error(`${name} has failed`);
      status = 1;
    }
  }
  return status;
}

async function makeTemporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'oss-append-stream-bench-'));
  return {
    // The variable that is used depends on the system.
    variables: { TMPDIR: path, TEMP: path, TMP: path },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

async function compare(
  names: readonly string[],
  revision: string,
  flags: readonly string[],
): Promise<number> {
  const chosen = (names.length > 0 ? names : known).filter((name) => !incomparable.includes(name));
  const left = incomparable.filter((name) => names.length === 0 || names.includes(name));
  if (left.length > 0) console.error(`${left.join(', ')}: cannot be compared, left out`);
  if (chosen.length === 0) return 2;
  const commit = await findCommit(revision, root);
  if (commit === undefined) {
    return refuse(`Cannot compare with '${revision}': git does not know this revision`);
  }
  console.log(`Building ${revision} (${commit.slice(0, 7)})`);
  await using base = await BaseBuild.make(commit, root, stop.signal);
  const output = join(base.folder, 'results');
  const status = await runAll(chosen, [...flags, '--base', base.library, '--output', output]);
  print(await readDifferences(output), revision);
  return status;
}

async function readDifferences(folder: string): Promise<Difference[]> {
  // If the folder does not exist, no benchmark has finished.
  const files = await readdir(folder).catch(() => []);
  const ofFile = async (file: string) =>
    differences(JSON.parse(await readFile(join(folder, file), 'utf8')));
  return (await Promise.all(files.filter((file) => file.endsWith('.json')).map(ofFile))).flat();
}

function print(all: readonly Difference[], revision: string): void {
  const head = ['benchmark', 'setting', 'contender', 'figure', 'ratio', 'least', 'most', ''];
  const rows = all.map((difference) => {
    const { benchmark, setting, contender, figure, ratio } = difference;
    const numbers = [ratio.median, ratio.least, ratio.most].map((value) => value.toFixed(3));
    return [benchmark, setting, contender, figure, ...numbers, tendency(difference)];
  });
  const worse = all.filter((difference) => tendency(difference) === 'worse').length;
  console.log(
    `\nThe working tree divided by ${revision}; ${worse} of ${all.length} figures are clearly worse`,
  );
  console.log(markdownTable([head, ...rows]));
}
