// How long until a write is acknowledged, which means committed, when writes come at a steady rate?
// The time counts from when a write was due, so that a stall counts for every write that it delays.
//
//   npm run bench -- ack-latency
import type { Contender } from './harness/assignment.js';
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import type { PaceSetting } from './harness/paced-producer.js';
import { print, save } from './harness/results.js';
import { KiB, MiB, sizeLabel } from './harness/units.js';

type Setting = CommonSetting & PaceSetting;

/** Lines of 200 B, but not at 100 MB/s, where half a million calls a second would dominate. */
function setting(megabytes: number): Setting {
  const source = megabytes < 100 ? { source: 'ascii', pieceLength: 200 } : buffers;
  return {
    name: `${megabytes} MB/s, store answers after 20 ms`,
    rate: megabytes * 1e6,
    ...source,
    byteLength: megabytes * 1e6,
    delay: 20,
    protocol: 'http',
    ...(isQuick
      ? { warmUp: 50, duration: 150, patience: 300 }
      : // A contender that falls behind at 100 MB/s never catches up.
        { warmUp: 100, duration: 1000, patience: megabytes < 100 ? 1200 : 500 }),
  } as Setting;
}

const buffers = { source: 'buffers', pieceLength: 64 * KiB } as const;

/** Intervals that matter at a rate: at 100 MB/s a chunk of 4 MiB is full after 40 ms. */
const flushIntervals: Readonly<Record<number, readonly number[]>> = {
  1e6: [0, 10, 100, 1000],
  10e6: [0, 100, 1000],
  100e6: [0, 1000],
};

function appendWritable(flushInterval: number, chunkSize?: number): Contender {
  const size = chunkSize === undefined ? '' : `, chunkSize: ${sizeLabel(chunkSize)}`;
  return {
    name: `AppendWritable, flushInterval: ${flushInterval}${size}`,
    isOurs: true,
    module: 'paced-append-writable',
    options: { flushInterval, ...(chunkSize && { chunkSize }) },
  };
}

function loop(name: string, through: 'ali-oss' | 'undici', gather: number): Contender {
  return { name, module: 'paced-loop', options: { through, gather } };
}

const ideal = loop('undici loop, whatever has gathered', 'undici', 0);
const fixed = loop('ali-oss loop, chunks of 1 MiB', 'ali-oss', MiB);

const report = await measure({
  name: 'ack-latency',
  question: 'How long until a write is acknowledged, when writes come at a steady rate?',
  settings: (isQuick ? [10] : [1, 10, 100]).map(setting),
  compare: ['ack p99 ms', 'ack p50 ms'],
  onResults: print,
  contenders: ({ rate }) => [
    ideal,
    ...(flushIntervals[rate] ?? []).map((interval) => appendWritable(interval)),
    ...(rate < 100e6 ? [] : [appendWritable(0, MiB)]),
    fixed,
  ],
});
await save(report, [
  {
    name: 'ack-latency',
    kind: 'bar',
    figure: 'ack p99 ms',
    isLogarithmic: true,
    title: 'Time until 99 of 100 writes are acknowledged; the store answers after 20 ms',
    x: { field: 'rate', name: 'rate of the writes', label: (rate) => `${Number(rate) / 1e6} MB/s` },
  },
]);
