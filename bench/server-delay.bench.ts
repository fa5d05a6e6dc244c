// How much throughput does the delay of a store cost a stream, by size of a chunk?
//
//   npm run bench -- server-delay
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import { print, save } from './harness/results.js';
import { KiB, MiB, sizeLabel } from './harness/units.js';

interface Setting extends CommonSetting {
  readonly chunkSize: number;
}

const question = 'How much throughput does the delay of a store cost a stream, by size of a chunk?';
const delays = isQuick ? [5] : [0, 5, 20, 50];
const chunkSizes = isQuick ? [256 * KiB] : [256 * KiB, MiB, 4 * MiB];

function setting(chunkSize: number, delay: number): Setting {
  return {
    name: `chunks of ${sizeLabel(chunkSize)}, delay of ${delay} ms`,
    chunkSize,
    delay,
    protocol: 'http',
    source: 'buffers',
    pieceLength: 64 * KiB,
    byteLength: isQuick ? MiB : byteLengthFor(chunkSize, delay),
  };
}

/** Bytes that take about half a second, if a chunk takes 5 ms per MiB in addition to the delay. */
function byteLengthFor(chunkSize: number, delay: number): number {
  const chunks = Math.ceil(500 / (delay + 5 * (chunkSize / MiB)));
  return Math.max(10, chunks) * chunkSize;
}

const report = await measure({
  name: 'server-delay',
  question,
  settings: chunkSizes.flatMap((chunkSize) => delays.map((delay) => setting(chunkSize, delay))),
  compare: ['MB/s'],
  onResults: print,
  contenders: [
    { name: 'undici loop', module: 'undici-loop' },
    { name: 'AppendWritable, 64 KiB buffers', module: 'append-writable', isOurs: true },
    {
      name: 'AppendWritable, 200 B lines',
      module: 'append-writable',
      isOurs: true,
      options: { source: 'ascii', pieceLength: 200 },
    },
    { name: 'ali-oss append loop', module: 'ali-oss-loop' },
  ],
});
const axes = {
  x: { field: 'delay', name: 'delay of the answer', label: (delay: unknown) => `${delay} ms` },
  panels: {
    field: 'chunkSize',
    name: 'size of a chunk',
    label: (chunkSize: unknown) => `chunks of ${sizeLabel(chunkSize)}`,
  },
};
await save(report, [
  {
    name: 'server-delay',
    kind: 'line',
    figure: 'MB/s',
    isLogarithmic: true,
    ...axes,
    title: 'Throughput by the time that the store takes to answer an append',
  },
  {
    name: 'server-delay-ratio',
    kind: 'line',
    figure: 'MB/s',
    isRatio: true,
    ...axes,
    title: 'How close to a bare loop, by the time that the store takes to answer an append',
  },
]);
