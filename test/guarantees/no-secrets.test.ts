import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Fault, startEmulator } from '../../src/emulator/index.js';
import { AppendReadable, type AppendWritableOptions, OssClient } from '../../src/index.js';
import { connectionTo, openStream } from '../helpers/open-stream.js';

const credentials = {
  accessKeyId: 'key-id',
  accessKeySecret: 'secret-do-not-show-me',
  securityToken: 'token-do-not-show-me',
};
const payload = 'payload-do-not-show-me';

/** Everything that printing could show, hidden properties and causes included. */
function shown(...values: unknown[]): string {
  return values
    .map((value) => `${inspect(value, { depth: 20, showHidden: true })}${JSON.stringify(value)}`)
    .join('\n');
}

function expectNoSecret(text: string): void {
  expect(text).not.toMatch(/do-not-show-me/);
  expect(text).not.toMatch(/Signature=|OSS4-HMAC-SHA256|StringToSign/);
}

describe('secrets, signatures and payload do not show', () => {
  const failures: { scenario: string; fault?: Fault; options?: Partial<AppendWritableOptions> }[] =
    [
      {
        scenario: 'with a wrong secret, whose refusal repeats the string to sign',
        options: { credentials: { ...credentials, accessKeySecret: 'other-do-not-show-me' } },
      },
      {
        scenario: 'with  an unknown access key',
        options: { credentials: { ...credentials, accessKeyId: 'unknown' } },
      },
      {
        scenario: 'with  a provider that fails',
        options: {
          credentials: () => {
            throw new Error('the metadata service is down');
          },
        },
      },
      {
        scenario: 'with  a provider that returns nonsense',
        options: { credentials: () => ({ accessKeySecret: payload }) as never },
      },
      { scenario: 'with  a missing bucket', options: { bucket: 'no-such-bucket' } },
      { scenario: 'with  a forbidden append', fault: { kind: 'forbid', operation: 'append' } },
      { scenario: 'with  lost requests', fault: { kind: 'drop-request', operation: 'append' } },
      { scenario: 'with  500', fault: { kind: 'error-500', operation: 'append' } },
      { scenario: 'with  a timeout', fault: { kind: 'stall' }, options: { requestTimeout: 50 } },
      { scenario: 'with  a second writer', fault: { kind: 'stranger' } },
      { scenario: 'with  a wrong checksum', fault: { kind: 'wrong-crc', operation: 'append' } },
      { scenario: 'with  an unreachable server', options: { endpoint: 'http://127.0.0.1:1' } },
    ];

  test.each(failures)('$scenario', async ({ fault, options }) => {
    await using emulator = await startEmulator({ credentials });
    if (fault !== undefined) emulator.faults.add(fault);
    const stream = openStream(emulator, 'a.log', {
      credentials,
      retry: { retries: 1, minTimeout: 0 },
      ...options,
    });
    stream.removeAllListeners('retry');
    const events: unknown[] = [];
    for (const event of ['ready', 'commit', 'retry', 'reconcile']) {
      stream.on(event, (payloadOfEvent) => events.push(payloadOfEvent));
    }

    const error = await pipeline([payload], stream).catch((reason) => reason);

    expect(error).toBeInstanceOf(Error);
    expectNoSecret(shown(error, error.stack, error.cause, events, stream, stream.stats));
  });

  test('in a printed reader with bytes in its buffer, or in its error', async () => {
    await using emulator = await startEmulator({ credentials });
    await pipeline([payload], openStream(emulator, 'a.log', { credentials }));
    const options = { ...connectionTo(emulator), credentials, retry: { retries: 0 } };
    const reader = new AppendReadable({ ...options, key: 'a.log', follow: true });
    reader.on('readable', () => {});
    await once(reader, 'readable');
    expect(reader.readableLength).toBe(payload.length);
    expectNoSecret(inspect(reader, { depth: 20 }));
    reader.destroy();
    emulator.faults.add({ kind: 'forbid', operation: 'get' });
    const failing = new AppendReadable({ ...options, key: 'a.log' });
    const error = await failing.toArray().catch((reason) => reason);

    expect(error).toBeInstanceOf(Error);
    expectNoSecret(shown(error, error.stack, error.cause));
  });

  test('in a printed client, or a printed stream with bytes in every buffer', async () => {
    await using emulator = await startEmulator({ credentials });
    emulator.faults.add({ kind: 'stall', operation: 'append' });
    const client = new OssClient({ ...connectionTo(emulator), credentials });
    const stream = openStream(emulator, 'a.log', { credentials, chunkSize: 8, highWaterMark: 16 });
    await once(stream, 'ready');
    for (let i = 0; i < 4; i++) stream.write(payload);

    const text = shown(stream, client);
    expectNoSecret(text);
    expect(inspect(stream)).toMatch(/^AppendWritable \{\s+key: 'a\.log',\s+status: 'appending'/);
    await client.close();
  });
});
