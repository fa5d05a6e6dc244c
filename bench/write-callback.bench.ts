// What does it cost to learn that a line has been committed?
//
//   npm run bench -- write-callback
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import { print, save } from './harness/results.js';

const setting: CommonSetting = {
  name: 'lines of 200 B',
  source: 'ascii',
  pieceLength: 200,
  byteLength: isQuick ? 2e6 : 48e6,
  delay: 0,
  protocol: 'http',
};

const ours = { module: 'acknowledged-writes', isOurs: true };
const file = { module: 'file-stream', isLocal: true };

const report = await measure({
  name: 'write-callback',
  question: 'What does it cost to learn that a line has been committed?',
  settings: [setting],
  compare: ['CPU ns/line', 'lines/s'],
  onResults: print,
  contenders: [
    { ...ours, name: 'AppendWritable', options: { way: 'none' } },
    { ...ours, name: 'write() with a callback', options: { way: 'callback' } },
    { ...ours, name: 'append()', options: { way: 'append' } },
    { ...ours, name: 'flush() every 1000 lines', options: { way: 'flush' } },
    { ...ours, name: 'await flush() every 1000 lines', options: { way: 'awaited flush' } },
    { ...file, name: 'fs.createWriteStream' },
    { ...file, name: 'fs.createWriteStream with a callback', options: { callback: true } },
  ],
});
await save(report, [
  {
    name: 'write-callback',
    kind: 'bar',
    figure: 'CPU ns/line',
    title: 'What it costs to learn that a line has been committed',
    x: { field: 'name', name: '', label: String },
  },
]);
