import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable } from '../../src/index.js';
import { failure, ScriptedClient } from '../append/scripted-client.js';
import { openStream } from '../helpers/open-stream.js';

// User code that the stream calls may call the stream: its byte counts must stay right.

const bucket = 'examplebucket';

describe('a provider of credentials that logs to the stream it serves', () => {
  test('has its line appended and acknowledged in order', async () => {
    await using emulator = await startEmulator();
    let calls = 0;
    const told: string[] = [];
    const stream: AppendWritable = openStream(emulator, 'a.log', {
      chunkSize: 16,
      credentials: () => {
        if (calls++ === 1) stream.write('[INFO] fetching\n', () => told.push('inner'));
        return emulator.credentials;
      },
    });
    await once(stream, 'ready');

    stream.write('0123456789abcdef', () => told.push('outer'));
    stream.write('more\n', () => told.push('more'));
    await stream.flush();
    stream.end();
    await finished(stream);

    expect(told).toEqual(['outer', 'more', 'inner']);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe(
      '0123456789abcdefmore\n[INFO] fetching\n',
    );
  });
});

test('a stream hands back every corked write that does not fit below 5 GiB', async () => {
  const appended: number[] = [];
  const nearlyFull = new ScriptedClient();
  nearlyFull.headObject = async () => ({
    length: 5 * 2 ** 30 - 100,
    appendable: true,
    sealed: false,
  });
  nearlyFull.appendObject = async (_key, position, { byteLength }) => {
    appended.push(byteLength);
    return { nextPosition: position + byteLength };
  };
  const stream = new AppendWritable({ client: nearlyFull, key: 'a.log', chunkSize: 8 });
  await once(stream, 'ready');

  stream.cork();
  for (let i = 0; i < 40; i++) stream.write('x'.repeat(8));
  stream.uncork();
  const [error] = await once(stream, 'error');

  expect(error).toMatchObject({ code: 'APPEND_ERR_OBJECT_FULL', limit: 5 * 2 ** 30 });
  expect(appended).toHaveLength(12);
  expect(stream.takeUncommitted()?.bytes.toString()).toBe('x'.repeat(28 * 8));
});

test.each(['drain', 'prefinish', 'finish'])(
  "an exception in a listener of '%s' is uncaught and fails no append",
  async (event) => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { chunkSize: 50_000, highWaterMark: 100_000 });
    const uncaught = nextUncaught();
    stream.on(event, () => {
      throw new Error('from the listener');
    });

    stream.write(Buffer.alloc(170_000));
    // Node emits no 'drain' once the stream is ending.
    if (event !== 'drain') stream.end();

    expect((await uncaught).message).toBe('from the listener');
    await stream.flush().catch(() => {});
    expect(await emulator.read(bucket, 'a.log')).toHaveLength(170_000);
    expect(stream.stats).toMatchObject({ attempts: 4, retries: 0, reconciles: 0 });
  },
);

test('a credentials call that hangs times out and is made again', async () => {
  await using emulator = await startEmulator();
  let calls = 0;
  const stream = openStream(emulator, 'a.log', {
    requestTimeout: 500,
    credentials: () => (++calls === 2 ? new Promise(() => {}) : emulator.credentials),
  });
  stream.removeAllListeners('retry');

  stream.end('aaaa');
  await finished(stream);

  expect(calls).toBe(3);
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
});

test('a stream created with an aborted signal never calls its client', async () => {
  const client = new ScriptedClient();
  const stream = new AppendWritable({ client, key: 'a.log', signal: AbortSignal.abort() });

  await expect(once(stream, 'close')).rejects.toMatchObject({ name: 'AbortError' });
  expect(client.calls).toEqual([]);
});

describe('endless retries without a pause', () => {
  const retry = { retries: Number.POSITIVE_INFINITY, minTimeout: 0 };
  const refuse = async () => {
    throw failure.rejected();
  };

  test.each(['headObject', 'appendObject'] as const)(
    'do not block the event loop while %s fails at once',
    async (method) => {
      const client = Object.assign(new ScriptedClient(), { [method]: refuse });
      const stream = new AppendWritable({ client, key: 'a.log', retry, flushInterval: 0 });

      stream.write('aaaa');
      await once(stream, 'retry');
      await new Promise((resolve) => setTimeout(resolve, 5));
      stream.destroy();
      await once(stream, 'close');

      expect(stream.stats.retries).toBeGreaterThan(1);
    },
  );
});

/** Resolves with the next uncaught exception, which would otherwise end the test run. */
function nextUncaught(): Promise<Error> {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const restore = () => {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  };
  onTestFinished(restore);
  return new Promise((resolve) => {
    process.once('uncaughtException', (error) => {
      restore();
      resolve(error);
    });
  });
}
