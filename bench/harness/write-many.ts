import type { EventEmitter } from 'node:events';

/**
 * Calls `write` for one index after the other, as fast as the stream accepts. Like `pipe()`, it
 * continues within 'drain', with the same listener: an `events.once()` for each would cost more
 * than some of the measured writes.
 *
 * @throws The error that the stream emits.
 */
export function writeMany(
  stream: Pick<EventEmitter, 'on' | 'off'>,
  count: number,
  write: (index: number) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let index = 0;
    const goOn = () => {
      while (index < count) if (!write(index++)) return;
      stream.off('drain', goOn);
      stream.off('error', reject);
      resolve();
    };
    stream.on('drain', goOn);
    stream.on('error', reject);
    goOn();
  });
}
