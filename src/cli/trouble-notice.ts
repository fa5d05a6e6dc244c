import type { AppendWritable } from '../append-writable.js';
import { formatDuration } from './duration.js';
import { complain, sentence } from './messages.js';

/** Milliseconds that trouble may last before anybody is told. */
const patience = 10_000;

/** Says once when OSS has been out of reach for long, and once when it is back: for log files. */
export function noticeTrouble(stream: AppendWritable): void {
  let since: number | undefined;
  let isTold = false;
  stream.on('retry', ({ error }) => {
    since ??= performance.now();
    const duration = performance.now() - since;
    if (isTold || duration < patience) return;
    isTold = true;
    complain(
      `Nothing can be committed for ${formatDuration(duration)}, and trying on: ${sentence(error)}`,
    );
  });
  for (const event of ['ready', 'commit'] as const) {
    stream.on(event, () => {
      if (isTold) complain(`Going on after ${formatDuration(performance.now() - (since ?? 0))}.`);
      since = undefined;
      isTold = false;
    });
  }
}
