import { type ExecFileOptions, execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtProgram } from '../../test/helpers/remote.js';
import type { Report } from '../harness/report.js';

const benchmarks = readdirSync(new URL('..', import.meta.url))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort();

/** The charts of each benchmark. */
const charts = [
  { benchmark: 'ack-latency', names: ['ack-latency'] },
  { benchmark: 'chunk-size', names: ['chunk-size'] },
  { benchmark: 'lines', names: ['lines', 'lines-logged'] },
  { benchmark: 'memory', names: ['memory'] },
  { benchmark: 'opening', names: ['opening'] },
  { benchmark: 'requests', names: ['requests'] },
  { benchmark: 'server-delay', names: ['server-delay', 'server-delay-ratio'] },
  { benchmark: 'write-callback', names: ['write-callback'] },
];

const run = (args: readonly string[], options: ExecFileOptions = {}) =>
  promisify(execFile)(process.execPath, [builtProgram('bench/run'), ...args], {
    ...options,
    encoding: 'utf8',
  });

// The first four are negative controls: they show that these faults do harm.
test('under the same faults other writers lose, duplicate or misreport bytes, and AppendWritable does not', {
  timeout: 60_000,
}, async () => {
  const { stdout } = await run(['faults', '--quick']);

  const totals = stdout.split('\n').flatMap((line) => {
    const [, name, ...counts] = line.split('|').map((cell) => cell.trim());
    return counts[0] === '12' ? [[name, ...counts.slice(1, -1).map(Number)]] : [];
  });
  expect(totals).toEqual([
    ['ali-oss append loop, `retryMax`', 0, 0, 0, expect.toSatisfy(isSome), 0],
    [expect.stringContaining('at the length'), 0, expect.toSatisfy(isSome), 9, 0, 0],
    [expect.stringContaining('length-only rule'), expect.toSatisfy(isSome), 0, 6, 0, 0],
    [expect.stringContaining('goes on'), expect.toSatisfy(isSome), 0, 6, 0, 0],
    ['AppendWritable', 0, 0, 0, 0, 3],
  ]);
});

test('every benchmark runs, and writes samples and charts with their environment', {
  timeout: 180_000,
}, async () => {
  await using folder = await makeFolder();

  const measuring = benchmarks.filter((name) => name !== 'faults');
  await run([...measuring, '--quick', '--output', folder.path]);

  const files = await readdir(folder.path);
  const text = (file: string) => readFile(join(folder.path, file), 'utf8');
  const report = async (name: string): Promise<Report> => JSON.parse(await text(`${name}.json`));
  expect(files.filter((file) => extname(file) === '.json').sort()).toEqual(
    measuring.map((name) => `${name}.json`),
  );
  for (const { environment, results } of await Promise.all(measuring.map(report))) {
    const { node, cpu, commit } = environment;
    expect({ node, cpu, commit }).toEqual({
      node: process.version,
      cpu: cpus()[0]?.model,
      commit: expect.stringMatching(/^[0-9a-f]{7,}\+?$/),
    });
    expect(results).not.toHaveLength(0);
    for (const { figures } of results) {
      expect(Object.values(figures)).not.toHaveLength(0);
      for (const { samples } of Object.values(figures)) {
        expect(samples).toEqual([expect.any(Number)]);
      }
    }
  }
  expect(files.filter((file) => extname(file) === '.svg').sort()).toEqual(
    charts.flatMap(({ names }) => names.map((name) => `${name}.svg`)).sort(),
  );
  for (const { benchmark, names } of charts) {
    const { environment, results } = await report(benchmark);
    const drawings = await Promise.all(names.map((name) => text(`${name}.svg`)));
    for (const svg of drawings) {
      expect(svg).toMatch(/^<svg .*<\/svg>\s*$/s);
      expect(svg).toContain(environment.commit);
    }
    const shown = results.filter(({ contender }) =>
      drawings.some((svg) => svg.includes(`>${contender.replaceAll("'", '&#39;')}<`)),
    );
    // Of the results about opening, only the imports are drawn.
    const drawn = results.filter(({ setting }) => (setting.group ?? 'import') === 'import');
    expect(shown).toEqual(benchmark === 'opening' ? drawn : results);
  }
  expect(await text('sharing.md')).toMatch(/^\| 32 writers.* \| at most 1 \| [0-9.]+ \|/m);
  expect(await text('gates.md')).toMatch(/^\| ack p99.* \| at most 2.5 \| [0-9.]+ \|/m);
});

test('--compare prints the ratios of two revisions for each contender of ours, and leaves no files', {
  timeout: 180_000,
}, async () => {
  await using folder = await makeFolder();
  const env = { ...process.env, TMPDIR: folder.path };

  const { stdout } = await run(['write-callback', '--compare', 'HEAD~0', '--quick'], { env });

  const ratio = expect.stringMatching(/^\d+\.\d+$/);
  const cells = stdout.split('\n').map((line) => line.split(' | ').slice(2, 7));
  for (const figure of ['CPU ns/line', 'lines/s', 'CPU s/GB']) {
    expect(cells).toContainEqual(['AppendWritable', figure, ratio, ratio, ratio]);
  }
  expect(stdout).toContain('AppendWritable (base)');
  expect(stdout).not.toContain('fs.createWriteStream');
  expect(await readdir(folder.path)).toEqual([]);
});

test.each([
  {
    scenario: 'an unknown benchmark',
    args: ['nonsense'],
    answer: `Unknown benchmark 'nonsense': choose from ${benchmarks.join(', ')}\n`,
  },
  {
    scenario: 'an unknown flag',
    args: ['--nonsense'],
    answer:
      "Unknown option '--nonsense': the options are --quick, --output DIR and --compare REV\n",
  },
  {
    scenario: 'an unknown revision',
    args: ['gates', '--compare', 'nonsense'],
    answer: "Cannot compare with 'nonsense': git does not know this revision\n",
  },
  {
    scenario: 'a comparison of a benchmark that measures no speed',
    args: ['faults', '--compare', 'HEAD'],
    answer: 'faults: cannot be compared, left out\n',
  },
])('$scenario is refused', async ({ args, answer }) => {
  await expect(run(args)).rejects.toMatchObject({ code: 2, stderr: answer });
});

function isSome(count: number): boolean {
  return count > 0;
}

/** A folder that its disposal removes with all files. */
async function makeFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'oss-append-stream-bench-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
