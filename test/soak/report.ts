import { judgeSamples } from './judge-samples.js';
import type { Sample } from './resources.js';
import type { SoakResult } from './soak-run.js';
import type { Tally } from './tally.js';

const mebibyte = 2 ** 20;

/**
 * Bytes by which a flat resource may seem to grow: in the heap by code compiled late, in RSS by
 * memory that the allocator retains.
 */
const allowances = {
  heapUsed: 2 * mebibyte,
  external: mebibyte,
  arrayBuffers: mebibyte,
  rss: 32 * mebibyte,
} as const;

/**
 * Milliseconds that a process needs to warm up. If the first quarter of a run is shorter, more
 * growth is allowed.
 */
const warmUp = 30_000;
const allowedMoreBy = 4;

const rows = 12;

/** Prints the result, and returns whether there was no problem. */
export function report(result: SoakResult, troubles: readonly string[]): boolean {
  const { samples, leftovers, tally, storeRss } = result;
  const isShort = (samples.at(-1)?.at ?? 0) / 4 < warmUp;
  printSamples(samples);
  printTally(tally);
  console.log(`emulator's process: ${inMebibytes(storeRss)} MiB at the end\n`);

  const growth = Object.entries(allowances).map(([name, allowance]) =>
    printGrowth(
      name as keyof typeof allowances,
      samples,
      isShort ? allowedMoreBy * allowance : allowance,
    ),
  );
  const isTidy = printVerdict('handles, timers, sockets, listeners, streams', leftovers);
  const isQuiet = printVerdict('rejections, exceptions, warnings', troubles);
  return [...growth, isTidy, isQuiet].every(Boolean);
}

function printSamples(samples: readonly Sample[]): void {
  const step = Math.max(1, (samples.length - 1) / (rows - 1));
  const shown = new Set(Array.from({ length: rows }, (_, row) => samples[Math.round(row * step)]));
  const table = [...shown].flatMap((sample) => {
    if (sample === undefined) return [];
    const { at, handles, sockets, listeners, streams } = sample;
    return {
      seconds: Math.round(at / 1000),
      'heap MiB': inMebibytes(sample.heapUsed),
      'external MiB': inMebibytes(sample.external),
      'buffers MiB': inMebibytes(sample.arrayBuffers),
      'slabs MiB': inMebibytes(sample.slabs),
      'RSS MiB': inMebibytes(sample.rss),
      timers: handles.Timeout ?? 0,
      handles: Object.values(handles).reduce((sum, count) => sum + count, 0),
      sockets,
      listeners,
      streams,
    };
  });
  console.log(`${samples.length} quiet points, among them`);
  console.table(table);
}

function printTally({ outcomes, faults, totals, requests }: Tally): void {
  console.log('\nHow the streams ended, each compared with the store');
  for (const [usage, ends] of [...outcomes].sort()) {
    const counts = [...ends].map(([outcome, times]) => `${times} ${outcome}`);
    console.log(`  ${usage.padEnd(16)}${counts.join(', ')}`);
  }
  const fired = [...faults].map(([kind, times]) => `${times} ${kind}`);
  const { streams, bytes, appends, attempts, retries, reconciles } = totals;
  console.log(`\n${requests} requests; faults: ${fired.join(', ') || 'none'}`);
  console.log(`${streams} streams, ${inMebibytes(bytes)} MiB committed in ${appends} appends`);
  console.log(`${attempts} attempts, ${retries} retries, ${reconciles} reconciles`);
}

function printGrowth(
  name: keyof typeof allowances,
  samples: readonly Sample[],
  allowance: number,
): boolean {
  const { isFlat, growth, trend } = judgeSamples(
    samples.map((sample) => sample[name]),
    allowance,
  );
  if (Number.isNaN(growth)) {
    console.log(`FAIL ${name}: too few quiet points to judge`);
    return false;
  }
  const figures = `${inMebibytes(growth)} MiB between the medians, ${inMebibytes(trend)} MiB by the trend, ${inMebibytes(allowance)} MiB allowed`;
  console.log(`${isFlat ? 'ok  ' : 'FAIL'} ${name}: ${figures}`);
  return isFlat;
}

function printVerdict(name: string, problems: readonly string[]): boolean {
  const isWell = problems.length === 0;
  console.log(isWell ? `ok   ${name}: as expected` : `FAIL ${name}:`);
  for (const problem of problems.slice(0, 20)) console.log(`       ${problem}`);
  return isWell;
}

function inMebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(2);
}
