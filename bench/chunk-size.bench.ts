// How does throughput depend on the size of a chunk, without and with TLS?
//
//   npm run bench -- chunk-size
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import { print, save } from './harness/results.js';
import { KiB, MiB, sizeLabel } from './harness/units.js';

interface Setting extends CommonSetting {
  readonly chunkSize: number;
}

const chunkSizes = [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB];

function setting(protocol: 'http' | 'https', chunkSize: number): Setting {
  return {
    name: `${protocol}, chunks of ${sizeLabel(chunkSize)}`,
    protocol,
    chunkSize,
    delay: 0,
    source: 'buffers',
    pieceLength: 64 * KiB,
    // Long, because code that runs once per chunk is compiled only after hundreds of chunks.
    byteLength: (isQuick ? 2 : 256) * MiB,
  };
}

const settings = (['http', 'https'] as const).flatMap((protocol) =>
  (isQuick ? [MiB] : chunkSizes).map((chunkSize) => setting(protocol, chunkSize)),
);

const report = await measure({
  name: 'chunk-size',
  question: 'How does throughput depend on the size of a chunk, without and with TLS?',
  settings,
  compare: ['MB/s'],
  onResults: print,
  contenders: [
    { name: 'undici loop', module: 'undici-loop' },
    { name: 'undici loop with CRC-64', module: 'undici-loop', options: { checksum: true } },
    { name: 'AppendWritable', module: 'append-writable', isOurs: true },
    {
      name: "AppendWritable, verify: 'none'",
      module: 'append-writable',
      isOurs: true,
      options: { verify: 'none' },
    },
    {
      name: 'AppendWritable, 200 B lines',
      module: 'append-writable',
      isOurs: true,
      options: { source: 'ascii', pieceLength: 200 },
    },
    { name: 'ali-oss append loop', module: 'ali-oss-loop' },
  ],
});
await save(report, [
  {
    name: 'chunk-size',
    kind: 'line',
    figure: 'MB/s',
    title: 'Throughput by size of a chunk; the store is on loopback and answers at once',
    x: { field: 'chunkSize', name: 'size of a chunk', label: sizeLabel },
    panels: { field: 'protocol', name: 'protocol', label: String },
  },
]);
