import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { RetryNotice } from '../../src/append/retry-policy.js';
import { loadCrc64 } from '../../src/crc64.js';
import { ObjectTail, type ObjectTailOptions } from '../../src/read/follow/object-tail.js';
import { type ReadClient, ReadRequests } from '../../src/read/read-requests.js';

export const checksum = await loadCrc64();

/** Retries without backoff. */
export const retry = { retries: 3, minTimeout: 0, maxTimeout: 0 };

/** Requests of a reader to a scripted client, which the test aborts at its end. */
export function requestsTo(
  client: ReadClient,
  { requestTimeout = 60_000, retries = 3, minTimeout = 0 } = {},
) {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const notices: RetryNotice[] = [];
  const requests = new ReadRequests({
    client,
    signal: controller.signal,
    requestTimeout,
    retry: { retries, minTimeout, maxTimeout: minTimeout },
    request: {},
    onRetry: (notice) => notices.push(notice),
  });
  return { requests, notices, controller };
}

export function tailOf(client: ReadClient, options: Partial<ObjectTailOptions> = {}): ObjectTail {
  return new ObjectTail('a.log', requestsTo(client).requests, { checksum, ...options });
}

/** Collects pieces as text, also those that come before an error. */
export class Collector {
  readonly pieces: string[] = [];
  error: unknown;

  get text(): string {
    return this.pieces.join('');
  }

  async drain(pieces: AsyncIterable<Uint8Array>): Promise<this> {
    try {
      for await (const piece of pieces) this.pieces.push(String(Buffer.from(piece)));
    } catch (error) {
      this.error = error;
    }
    return this;
  }
}

/** Lets everything happen that waits neither for time nor for a network. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn();
}
