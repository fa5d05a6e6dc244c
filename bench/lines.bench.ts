// How many lines per second, compared with writers to files? Their file is the null device, except
// winston's, which needs a real one; ours go over HTTP to another process and are verified there.
//
//   npm run bench -- lines
import type { Contender } from './harness/assignment.js';
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import { print, save } from './harness/results.js';
import type { SourceSetting } from './harness/source.js';
import { pinoContenders, winstonContenders } from './loggers.js';

interface Setting extends CommonSetting {
  readonly group: keyof typeof groups;

  /** Short description of the lines. */
  readonly lines: string;
}

interface Group {
  readonly byteLength: number;
  readonly format: 'bare' | 'json';
  readonly contenders: readonly Contender[];
}

const groups = {
  streams: {
    byteLength: 48e6,
    format: 'bare',
    contenders: [
      { name: 'sonic-boom', module: 'sonic-boom', isLocal: true },
      { name: 'fs.createWriteStream', module: 'file-stream', isLocal: true },
      { name: 'AppendWritable', module: 'append-writable', isOurs: true },
      {
        name: 'AppendWritable, recordDelimiter',
        module: 'append-writable',
        isOurs: true,
        options: { hasWholeLines: true },
      },
    ],
  },
  // Loggers ignore backpressure: few enough bytes for our streams to keep without dropping lines.
  pino: { byteLength: 12e6, format: 'json', contenders: pinoContenders },
  winston: { byteLength: 4e6, format: 'json', contenders: winstonContenders },
} satisfies Record<string, Group>;

const kinds: readonly Pick<SourceSetting, 'source' | 'pieceLength'>[] = [
  { source: 'ascii', pieceLength: 100 },
  { source: 'ascii', pieceLength: 200 },
  { source: 'ascii', pieceLength: 1024 },
  { source: 'multi-byte', pieceLength: 200 },
];

function setting(group: Setting['group'], kind: (typeof kinds)[number]): Setting {
  const { byteLength, format } = groups[group] as Group;
  const { source, pieceLength } = kind;
  const lines = `${source === 'ascii' ? 'ASCII' : source}, ${pieceLength} B`;
  return {
    name: `${group}, lines: ${lines}`,
    group,
    lines,
    ...kind,
    format,
    byteLength: isQuick ? 2e6 : byteLength,
    delay: 0,
    protocol: 'http',
  };
}

const report = await measure<Setting>({
  name: 'lines',
  question: 'How many lines per second, compared with writers to files?',
  settings: (['streams', 'pino', 'winston'] as const).flatMap((group) =>
    (isQuick ? kinds.slice(-1) : kinds).map((kind) => setting(group, kind)),
  ),
  compare: ['lines/s', 'CPU ns/line'],
  onResults: print,
  contenders: ({ group }) => groups[group].contenders,
});
const axes = {
  ...({ kind: 'bar', figure: 'lines/s' } as const),
  x: { field: 'lines', name: 'text and length of a line', label: String },
};
await save(report, [
  {
    ...axes,
    name: 'lines',
    only: ({ setting }) => setting.group === 'streams',
    title: 'Lines per second: to the null device, and over HTTP to another process',
  },
  {
    ...axes,
    name: 'lines-logged',
    only: ({ setting }) => setting.group !== 'streams',
    title: 'Lines per second: to files by what the loggers have, and over HTTP by ours',
    panels: { field: 'group', name: 'logger', label: String },
  },
]);
