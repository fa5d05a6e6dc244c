// What does it cost to import the package, to open a stream, and to open a thousand at once?
//
//   npm run bench -- opening
import type { Contender } from './harness/assignment.js';
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import { print, save } from './harness/results.js';

interface Setting extends CommonSetting {
  readonly group: keyof typeof groups;

  /** Streams that are opened in turn. */
  readonly streams?: number;
}

const imported = { module: 'import-package', isLocal: true };

const groups = {
  import: [
    { ...imported, name: 'undici', options: { entry: 'undici' } },
    { ...imported, name: 'oss-append-stream', isOurs: true, options: { entry: 'index.js' } },
    { ...imported, name: 'oss-append-stream/pino', isOurs: true, options: { entry: 'pino.js' } },
    {
      ...imported,
      name: 'oss-append-stream/winston',
      isOurs: true,
      options: { entry: 'winston.js' },
    },
    { ...imported, name: 'ali-oss', options: { entry: 'ali-oss' } },
  ],
  'in turn': [
    { name: 'HEAD through undici', module: 'head-in-turn' },
    { name: 'AppendWritable', module: 'open-in-turn', isOurs: true },
  ],
  'at once': [
    { name: 'HEAD and POST through undici', module: 'head-at-once' },
    { name: 'AppendWritable', module: 'open-at-once', isOurs: true },
  ],
} satisfies Record<string, readonly Contender[]>;

const lineLength = 200;
const common: Omit<CommonSetting, 'name'> = {
  source: 'ascii',
  pieceLength: lineLength,
  byteLength: lineLength,
  delay: 0,
  protocol: 'http',
};
const objects = isQuick ? 20 : 1000;
const streams = isQuick ? 20 : 200;

const report = await measure<Setting>({
  name: 'opening',
  question: 'What does it cost to import the package, to open a stream, and a thousand at once?',
  settings: [
    { ...common, name: 'import in a fresh process', group: 'import' },
    { ...common, name: `${streams} streams, one after another`, group: 'in turn', streams },
    {
      ...common,
      name: `${objects} streams at once, a line each`,
      group: 'at once',
      objects,
      byteLength: objects * lineLength,
    },
  ],
  compare: ['import ms', 'open p50 ms', 'all lines ms', 'CPU µs/stream'],
  onResults: print,
  contenders: ({ group }) => groups[group],
});
await save(report, [
  {
    name: 'opening',
    kind: 'bar',
    figure: 'import ms',
    title: 'Time of an import',
    x: { field: 'name', name: '', label: String },
  },
]);
