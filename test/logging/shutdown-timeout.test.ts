import { stat } from 'node:fs';
import { finished } from 'node:stream/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { AppendClient } from '../../src/append/append-client.js';
import { LogWritable } from '../../src/logging/log-writable.js';

const shutdownTimeout = 100;

/** Blocks this thread, as SIGSTOP or a slow synchronous function would. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** A store whose answer arrives while the process is blocked for longer than `shutdownTimeout`. */
function blockedClient(): AppendClient {
  const appendObject = async (_key: string, position: number, body: Uint8Array) => {
    // After the stream has done its own part of the append.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    const answered = new Promise((resolve) => stat('/', resolve));
    block(3 * shutdownTimeout);
    await answered;
    return { nextPosition: position + body.byteLength };
  };
  return { headObject: async () => undefined, appendObject } as unknown as AppendClient;
}

test('an answer received before the shutdownTimeout timer runs prevents the timeout', async () => {
  const client = blockedClient();
  const stream = new LogWritable({ key: 'log', client, shutdownTimeout, fallback: false });
  onTestFinished(() => {
    stream.destroy();
  });

  stream.end('line\n');
  await finished(stream);

  expect(stream.bytesWritten).toBe(5);
});
