import { formatDuration } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { complain, sentence } from '../messages.js';

/** Milliseconds that trouble may last before anybody is told. */
const patience = 2000;

/** Milliseconds until they are told again. */
const interval = 60_000;

/** Says when OSS is out of reach, now and then, and when it is back: for log files. */
export function noticeOutage(stream: AppendWritable): void {
  let since: number | undefined;
  let told: number | undefined;
  stream.on('retry', ({ error }) => {
    const now = performance.now();
    since ??= now;
    if (now < (told === undefined ? since + patience : told + interval)) return;
    told = now;
    const duration = formatDuration(now - since);
    complain(`Nothing could be committed for ${duration}, trying on: ${sentence(error)}`);
  });
  for (const event of ['ready', 'commit'] as const) {
    stream.on(event, () => {
      if (told !== undefined && since !== undefined) {
        complain(`Going on after ${formatDuration(performance.now() - since)}.`);
      }
      since = undefined;
      told = undefined;
    });
  }
}
