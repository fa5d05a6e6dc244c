import type { EventEmitter } from 'node:events';

/**
 * Calls `write` for one index after the other, as fast as the stream takes it. As `pipe()` does, it
 * goes on within 'drain', and with the same listener: `events.once()` for each of them costs more
 * than some of the writes that are measured.
 *
 * @throws What the stream emits as its error.
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
