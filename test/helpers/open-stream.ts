import { onTestFailed, onTestFinished } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import { AppendWritable, type AppendWritableOptions } from '../../src/index.js';

/** Options that connect a stream to `emulator`, with retries without backoff. */
export function connectionTo(emulator: Emulator) {
  const { endpoint, region, credentials } = emulator;
  return {
    endpoint,
    region,
    credentials,
    bucket: 'examplebucket',
    retry: { retries: 3, minTimeout: 0, maxTimeout: 0 },
  } satisfies Partial<AppendWritableOptions>;
}

/**
 * Opens a stream to `emulator` that is destroyed when the test is over.
 *
 * A retry without any fault would hide a defect, so it fails the test.
 */
export function openStream(
  emulator: Emulator,
  key: string,
  options: Partial<AppendWritableOptions> = {},
): AppendWritable {
  const stream = new AppendWritable({ ...connectionTo(emulator), key, ...options });
  const retries: unknown[] = [];
  stream.on('retry', (retry) => retries.push(retry));
  onTestFinished(() => {
    stream.destroy();
    const faults = emulator.requests.filter(({ fault }) => fault !== undefined);
    if (retries.length > 0 && faults.length === 0) {
      throw new Error(
        `The stream retried although the emulator injected no fault: ${String(retries)}`,
      );
    }
  });
  onTestFailed(() => console.error(emulator.requests, stream.stats));
  return stream;
}
