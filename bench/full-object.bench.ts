// Does a stream keep its speed and its memory while it fills an object, 5 GiB?
//
//   npm run bench -- full-object
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import { print, save } from './harness/results.js';
import { KiB, MiB } from './harness/units.js';

interface Setting extends CommonSetting {
  readonly chunkSize: number;
  readonly isFull: boolean;
}

const setting: Setting = {
  name: isQuick ? '16 MiB' : '5 GiB, and one byte more',
  protocol: 'http',
  delay: 0,
  source: 'buffers',
  pieceLength: 64 * KiB,
  chunkSize: 4 * MiB,
  byteLength: isQuick ? 16 * MiB : 5 * KiB * MiB,
  isFull: !isQuick,
};

const report = await measure({
  name: 'full-object',
  question: 'Does a stream keep its speed and its memory while it fills an object, 5 GiB?',
  settings: [setting],
  compare: ['MB/s'],
  // Each run is long enough; and a process that had the memory once would keep it.
  repeats: 2,
  isFresh: true,
  onResults: print,
  contenders: [{ name: 'AppendWritable', module: 'full-object', isOurs: true }],
});
await save(report);
