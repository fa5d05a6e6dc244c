// `overflow` of logs whose records end with something else than a line break.
import { finished } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import type { LogWritableOptions } from '../../src/logging/log-options.js';
import { LogWritable } from '../../src/logging/log-writable.js';
import { connectionTo } from '../helpers/open-stream.js';

const maxLength = 2000;

/** A log during an outage, which `recover()` ends. `end()` returns the object. */
async function open(given: Partial<LogWritableOptions>) {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const remove = emulator.faults.add({ kind: 'error-503' });
  const stream = new LogWritable({
    ...connectionTo(emulator),
    key: 'log',
    fallback: false,
    chunkSize: 500,
    highWaterMark: 1000,
    flushInterval: 0,
    retry: { minTimeout: 1, maxTimeout: 1 },
    ...given,
    overflow: { maxLength, marker: '#{count}', ...given.overflow },
  });
  onTestFinished(() => {
    stream.destroy();
  });
  const recover = () => {
    remove();
    return stream.flush();
  };
  const end = async () => {
    remove();
    stream.end();
    await finished(stream);
    return emulator.read('examplebucket', 'log');
  };
  return { stream, recover, end };
}

const cases = (['drop-oldest', 'drop-newest'] as const).flatMap((policy) =>
  (['rebase', 'fail', 'rollover'] as const).flatMap((conflict) =>
    ['||', '\0', '\r\n', '----\n', '\n', Buffer.of(0xff, 0xfe)].flatMap((recordDelimiter) =>
      ([undefined, 1, 7] as const).map((pieceSize) => ({
        policy,
        conflict,
        recordDelimiter,
        name: JSON.stringify(String(recordDelimiter)),
        pieceSize,
      })),
    ),
  ),
);

describe.each(cases)(
  "with $policy, conflict: '$conflict', records that end with $name, and writes of $pieceSize bytes",
  ({ policy, conflict, recordDelimiter, pieceSize }) => {
    test('an outage leaves no more than maxLength in memory, and only whole records in the object', async () => {
      const { stream, end } = await open({ recordDelimiter, conflict, overflow: { policy } });
      const delimiter = Buffer.from(recordDelimiter as string);
      const record = (number: number) =>
        Buffer.concat([Buffer.from(`${number} ${'.'.repeat(40)}`), delimiter]);
      let longest = 0;

      for (let number = 0; number < 200; number++) {
        const bytes = record(number);
        const size = pieceSize ?? bytes.byteLength;
        for (let start = 0; start < bytes.byteLength; start += size) {
          stream.write(bytes.subarray(start, start + size));
          longest = Math.max(longest, stream.writableLength);
        }
      }

      const { linesDropped } = stream.stats;
      // Beyond it: a record whose beginning is in the stream, and one that waits for its end.
      expect(longest).toBeLessThanOrEqual(maxLength + 100);
      expect(linesDropped).toBeGreaterThan(100);
      const object = await end();
      expect(object.subarray(-delimiter.byteLength).equals(delimiter)).toBe(true);
      const records = object.toString('latin1').split(delimiter.toString('latin1')).slice(0, -1);
      const markers = records.filter((it) => it.startsWith('#'));
      expect(records.filter((it) => !/^(\d+ \.{40}|#\d+)$/.test(it))).toEqual([]);
      expect(records.length - markers.length).toBe(200 - linesDropped);
      expect(markers.reduce((sum, it) => sum + Number(it.slice(1)), 0)).toBe(linesDropped);
    });
  },
);

test('a late record is counted as one, whatever is in it', async () => {
  const { stream, end } = await open({ recordDelimiter: '||' });
  stream.write('in time||');
  await end();

  stream.write('a\nb\nc||d||');

  expect(stream.stats.linesDropped).toBe(2);
});

describe.each(
  (['drop-oldest', 'drop-newest'] as const).flatMap(
    (policy) =>
      [
        { policy, given: {} },
        { policy, given: { recordDelimiter: '||' } },
        { policy, given: { conflict: 'fail' } },
        { policy, given: { conflict: 'fail', recordDelimiter: '||' } },
        { policy, given: { conflict: 'rollover' } },
        { policy, given: { recordDelimiter: false } },
      ] as const,
  ),
)('with $policy and $given', ({ policy, given }) => {
  test('a line that never ends leaves no more than twice maxLength in memory during an outage', async () => {
    const most = 100_000;
    const { stream, recover, end } = await open({
      ...given,
      highWaterMark: most / 2,
      overflow: { policy, maxLength: most },
    });
    const delimiter = ('recordDelimiter' in given && given.recordDelimiter) || '\n';
    let longest = 0;

    stream.write(`first${delimiter}`);
    for (let number = 0; number < 100; number++) {
      stream.write('x'.repeat(9_999));
      longest = Math.max(longest, stream.writableLength);
    }
    await recover();
    stream.write(`${delimiter}next${delimiter}`);

    expect(longest).toBeLessThanOrEqual(2 * most + delimiter.length);
    expect(stream.stats.linesDropped).toBe(1);
    const lines = String(await end()).split(delimiter);
    expect(lines.filter((line) => !/^x+$/.test(line))).toEqual(['first', '#1', 'next', '']);
  });
});
