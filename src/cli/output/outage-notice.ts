import { formatDuration } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { complain, sentence } from '../messages.js';

/** Milliseconds that an outage lasts before the first notice. */
const patience = 2000;

/** Milliseconds between notices. */
const interval = 60_000;

/** Reports now and then that OSS is out of reach, and when it is back: for log files. */
export function noticeOutage(stream: AppendWritable): void {
  let since: number | undefined;
  let noticedAt: number | undefined;
  stream.on('retry', ({ error }) => {
    const now = performance.now();
    since ??= now;
    if (now < (noticedAt === undefined ? since + patience : noticedAt + interval)) return;
    noticedAt = now;
    const duration = formatDuration(now - since);
    complain(`Nothing could be committed for ${duration}, still trying: ${sentence(error)}`);
  });
  for (const event of ['ready', 'commit'] as const) {
    stream.on(event, () => {
      if (noticedAt !== undefined && since !== undefined) {
        complain(`Committing again after ${formatDuration(performance.now() - since)}.`);
      }
      since = undefined;
      noticedAt = undefined;
    });
  }
}
