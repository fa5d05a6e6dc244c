// This library: how long after its commit a line is read by a stream that follows the object.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Assignment, Job } from '../harness/assignment.js';
import { load } from '../harness/library.js';
import { ReadCheck } from '../harness/read-check.js';
import { readyStream } from '../harness/ready-stream.js';
import { makeSource, type SourceSetting } from '../harness/source.js';
import { quantile } from '../harness/statistics.js';

interface Setting extends SourceSetting {
  readonly byteLength: number;

  /** Milliseconds between two polls. */
  readonly pollInterval: number;
}

export async function prepare(assignment: Assignment<Setting>): Promise<Job> {
  const { setting, target } = assignment;
  const { pollInterval, byteLength, pieceLength: lineLength } = setting;
  const { AppendReadable } = await load(assignment, 'index.js');
  const { pieces } = makeSource(setting);
  const { stream, close } = await readyStream(assignment, { flushInterval: 0 });
  const check = await ReadCheck.of(setting);
  await stream.append(pieces[0] ?? '');
  const reader = new AppendReadable({ ...target, follow: { pollInterval } });
  const committed: { readonly end: number; readonly at: number }[] = [];
  const delays: number[] = [];
  stream.on('commit', ({ position }) => committed.push({ end: position, at: performance.now() }));
  reader.on('data', (bytes: Buffer) => {
    check.take(bytes);
    // A commit may be read before its answer has arrived: that is no delay.
    while (committed[0] !== undefined && committed[0].end <= check.byteLength) {
      delays.push(performance.now() - (committed.shift()?.at ?? 0));
    }
  });
  // A reader that waits for an object asks less and less often.
  await once(reader, 'data');
  return {
    async run() {
      // The moments of the lines are spread over the interval, and there is one in each.
      for (let written = lineLength, index = 1; written < byteLength; index++) {
        stream.write(pieces[index % pieces.length]);
        written += lineLength;
        await wait(pollInterval * (0.2 + 0.6 * ((index * 0.618) % 1)));
      }
      stream.end();
      while (check.byteLength < byteLength) await once(reader, 'data');
      reader.destroy();
      const [p50, p99] = [quantile(delays, 0.5), quantile(delays, 0.99)];
      return {
        byteLength: stream.bytesWritten,
        figures: {
          'read p50 ms': p50,
          'read p99 ms': p99,
          'read p50 by interval': p50 / pollInterval,
          'read p99 by interval': p99 / pollInterval,
        },
      };
    },
    finish: close,
  };
}
