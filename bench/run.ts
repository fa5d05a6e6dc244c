// Runs the benchmarks, one after the other, or those that are named:
//
//   npm run bench
//   npm run bench -- faults chunk-size --quick
//   npm run bench -- --output DIR        keeps the results there, and not in bench/results
//   npm run bench -- --compare REV       another revision and this one, alternately; keeps nothing
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

/** They count bytes, and measure nothing. */
const incomparable = ['faults'];

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

try {
  process.exitCode = await main();
} catch (error) {
  // What was made is gone by now.
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
}

async function main(): Promise<number> {
  const { names, values, strange } = readArguments();
  if (strange !== undefined) return refuse(strange);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    return refuse(`Cannot run '${unknown.join("', '")}': there are ${known.join(', ')}`);
  }
  const flags = values.quick ? ['--quick'] : [];
  if (values.compare !== undefined) {
    if (values.output !== undefined) return refuse('Cannot keep a comparison: it has no results');
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
    const strange = `${reason}: there are --quick, --output DIR and --compare REV`;
    return { values: {}, names: [], strange };
  }
}

function refuse(reason: string): number {
  console.error(reason);
  return 2;
}

/** One that fails does not keep the others from running. */
async function runAll(names: readonly string[], flags: readonly string[]): Promise<number> {
  let status = 0;
  // One that is stopped has no time to remove what it has made.
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
    // Where one looks depends on the system.
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
  if (left.length > 0) console.error(`${left.join(', ')}: nothing to compare, left out`);
  if (chosen.length === 0) return 2;
  const commit = await findCommit(revision, root);
  if (commit === undefined) {
    return refuse(`Cannot compare with '${revision}': git knows no such revision here`);
  }
  console.log(`Building ${revision} (${commit.slice(0, 7)})`);
  await using base = await BaseBuild.make(commit, root, stop.signal);
  const output = join(base.folder, 'results');
  const status = await runAll(chosen, [...flags, '--base', base.library, '--output', output]);
  print(await readDifferences(output), revision);
  return status;
}

async function readDifferences(folder: string): Promise<Difference[]> {
  // None has come to an end, if there is no such folder.
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
  console.log(`\nThe working tree by ${revision}; ${worse} of ${all.length} are clearly worse`);
  console.log(markdownTable([head, ...rows]));
}
