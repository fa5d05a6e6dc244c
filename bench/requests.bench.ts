// How many requests does a GB take, when it comes at a steady rate? OSS charges for each.
//
//   npm run bench -- requests
import type { Contender } from './harness/assignment.js';
import { type CommonSetting, measure } from './harness/benchmark.js';
import { isQuick } from './harness/flags.js';
import type { PaceSetting } from './harness/paced-producer.js';
import { print, save } from './harness/results.js';
import { KiB } from './harness/units.js';

type Setting = CommonSetting & PaceSetting;

function setting(megabytes: number): Setting {
  return {
    name: `${megabytes} MB/s, store answers after 20 ms`,
    rate: megabytes * 1e6,
    ...(megabytes < 100
      ? { source: 'ascii', pieceLength: 200 }
      : { source: 'buffers', pieceLength: 64 * KiB }),
    byteLength: megabytes * 1e6,
    delay: 20,
    protocol: 'http',
    ...(isQuick
      ? { warmUp: 50, duration: 150, patience: 300 }
      : { warmUp: 100, duration: 1000, patience: 1200 }),
  } as Setting;
}

function appendWritable(name: string, flushInterval?: number): Contender {
  return {
    name: `AppendWritable, ${name}`,
    module: 'paced-append-writable',
    isOurs: true,
    ...(flushInterval !== undefined && { options: { flushInterval } }),
  };
}

function aliOss(name: string, gather: number): Contender {
  return {
    name: `ali-oss, ${name}`,
    module: 'paced-loop',
    options: { through: 'ali-oss', gather },
  };
}

const report = await measure({
  name: 'requests',
  question: 'How many requests does a GB take, when it comes at a steady rate?',
  settings: (isQuick ? [10] : [1, 10, 100]).map(setting),
  compare: ['appends/GB'],
  // These are counts, which need no warm-up.
  isFresh: true,
  onResults: print,
  contenders: ({ rate }) => [
    aliOss('chunks of 64 KiB', 64 * KiB),
    appendWritable('flushInterval: 0', 0),
    appendWritable('flushInterval: 100', 100),
    appendWritable('as it comes'),
    // Falls behind at every rate, so one rate is enough.
    ...(rate > 1e6 ? [] : [aliOss('an append for each line', 200)]),
  ],
});
await save(report, [
  {
    name: 'requests',
    kind: 'bar',
    figure: 'appends/GB',
    isLogarithmic: true,
    title: 'Appends that a GB takes; the store answers after 20 ms',
    x: { field: 'rate', name: 'rate of the writes', label: (rate) => `${Number(rate) / 1e6} MB/s` },
  },
]);
