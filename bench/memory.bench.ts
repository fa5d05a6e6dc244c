// How much memory do many streams with a shared client hold, while they write and while idle?
//
//   npm run bench -- memory
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import { print, save } from './harness/results.js';
import { KiB, MiB, sizeLabel } from './harness/units.js';

interface Setting extends CommonSetting {
  readonly objects: number;
  readonly chunkSize: number;

  /** Short description of what each stream does. */
  readonly what: string;
}

const lineLength = 200;
const defaultChunkSize = 4 * MiB;
const streams = (count: number) =>
  count === 1 ? '1 stream' : `${count.toLocaleString('en')} streams`;

interface Load extends Pick<Setting, 'what'> {
  readonly detail?: string;

  /** Bytes that each stream writes before it is idle. */
  readonly share: number;
  readonly chunkSize?: number;
}

function setting(objects: number, load: Load): Setting {
  const { what, detail = what, share, chunkSize = defaultChunkSize } = load;
  return {
    name: `${streams(objects)}, ${detail}`,
    what,
    objects,
    chunkSize,
    byteLength: objects * share,
    source: 'ascii',
    pieceLength: lineLength,
    delay: 20,
    protocol: 'http',
  };
}

const counts = isQuick ? [20] : [1, 100, 1000];
const busyBytes = isQuick ? 2e6 : 256e6;

const settings = counts.flatMap((count) => {
  // 1,000 chunks of 4 MiB would take 4 GB, but no more per stream than those of 100 streams.
  const chunkSize = count > 100 || isQuick ? 64 * KiB : defaultChunkSize;
  const share = Math.min(busyBytes / count, 64e6);
  const detail = `busy with ${(share * count) / 1e6} MB together`;
  const size = sizeLabel(chunkSize);
  const busy = setting(count, { what: 'busy', detail, share });
  if (isQuick) return [setting(count, { what: 'opened', share: 0 }), busy];
  return [
    setting(count, { what: 'opened', share: 0 }),
    setting(count, { what: 'a line', detail: 'a line each', share: lineLength }),
    setting(count, { what: 'a chunk', detail: `${size} each`, share: chunkSize, chunkSize }),
    busy,
    ...(chunkSize === defaultChunkSize
      ? []
      : [
          setting(count, {
            what: 'small chunks',
            detail: `${detail}, in chunks of ${size}`,
            share,
            chunkSize,
          }),
        ]),
  ];
});

const report = await measure({
  name: 'memory',
  question: 'How much memory do many streams with a shared client hold?',
  settings,
  compare: ['buffers KB/stream', 'heap KB/stream'],
  isFresh: true,
  execArgv: ['--expose-gc'],
  onResults: print,
  contenders: [{ name: 'AppendWritable', module: 'shared-client', isOurs: true }],
});
await save(report, [
  {
    name: 'memory',
    kind: 'bar',
    figure: 'RSS MB, most',
    title: 'Most memory held by streams that share a client, above what the process had',
    x: { field: 'what', name: 'what each stream has done', label: String },
    panels: { field: 'objects', name: 'streams', label: (objects) => streams(Number(objects)) },
  },
]);
