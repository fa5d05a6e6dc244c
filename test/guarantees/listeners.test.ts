import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable } from '../../src/index.js';
import { ScriptedClient } from '../append/scripted-client.js';
import { closed } from '../helpers/closed.js';
import { eventsOf } from '../helpers/events-of.js';
import { openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';

/** A listener that always throws. */
const thrower = (name: string) => () => {
  throw new Error(`from ${name}`);
};

describe('an exception in a listener', () => {
  test.each(['ready', 'commit', 'retry', 'reconcile'])(
    "of '%s' is uncaught and does not affect the stream",
    async (event) => {
      await using emulator = await startEmulator();
      emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
      emulator.faults.add({ kind: 'error-503', operation: 'append', nth: 3 });
      const stream = openStream(emulator, 'a.log', { chunkSize: 4, highWaterMark: 8 });
      const uncaught = catchUncaught();
      stream.on(event, thrower(event));
      const seen = eventsOf(stream, 'error', 'close', 'finish');
      const texts = ['aaaa', 'bbbb', 'cccc', 'dddd'];
      const told: unknown[] = [];

      for (const text of texts) stream.write(text, (error) => told.push(error));
      stream.end();
      await closed(stream);

      const { length } = uncaught;
      expect(length).toBeGreaterThan(0);
      expect(uncaught).toEqual(Array.from({ length }, () => new Error(`from ${event}`)));
      expect(told).toEqual([null, null, null, null]);
      expect(seen).toEqual(['finish', 'close']);
      expect(String(await emulator.read(bucket, 'a.log'))).toBe(texts.join(''));
      expect(stream.stats).toMatchObject({ appends: 4, attempts: 5, retries: 1 });
    },
  );

  test.each(['rollover', 'seal'])(
    "of '%s' is uncaught, and the stream goes on to the next object",
    async (event) => {
      await using emulator = await startEmulator();
      const options = { chunkSize: 4, rollover: { maxSize: 4 }, seal: true };
      const stream = openStream(emulator, 'a.log', options);
      const uncaught = catchUncaught();
      stream.on(event, thrower(event));
      await once(stream, 'ready');

      for (const text of ['aaaa', 'bbbb', 'cccc']) stream.write(text);
      stream.end();
      await closed(stream);

      const times = event === 'seal' ? 3 : 2;
      expect(uncaught).toEqual(Array.from({ length: times }, () => new Error(`from ${event}`)));
      const contents = ['a.log', 'a.1.log', 'a.2.log'].map((key) => emulator.read(bucket, key));
      expect((await Promise.all(contents)).map(String)).toEqual(['aaaa', 'bbbb', 'cccc']);
    },
  );

  test("of 'drain' is uncaught, and the stream still sends a full chunk", async () => {
    // This client answers at once, so that nothing is in flight when the last piece fits.
    const client = new ScriptedClient();
    const chunkSize = 40 * 1024;
    const sizes = { chunkSize, highWaterMark: 2 * chunkSize, flushInterval: Infinity };
    const stream = new AppendWritable({ client, key: 'a.log', ...sizes });
    onTestFinished(() => void stream.destroy());
    const uncaught = catchUncaught();
    stream.on('drain', thrower('drain'));

    const told = new Promise((resolve) => stream.write('a'.repeat(4 * chunkSize), resolve));
    await told;

    expect(stream.bytesWritten).toBe(4 * chunkSize);
    expect(uncaught).toEqual([new Error('from drain')]);
  });

  test("of 'error' is uncaught, and the stream still hands the rest back", async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    const stream = openStream(emulator, 'a.log');
    const uncaught = catchUncaught();
    stream.on('error', thrower('error'));
    const told = new Promise((resolve) => stream.write('aaaa', resolve));

    stream.end();
    // Node emits no 'close' after that.
    await vi.waitUntil(() => uncaught.length > 0, { timeout: 5000, interval: 1 });

    expect(await told).toMatchObject({ code: 'APPEND_ERR_SERVICE' });
    expect(uncaught).toEqual([new Error('from error')]);
    expect(stream.closed).toBe(true);
    expect(String(stream.takeUncommitted()?.bytes)).toBe('aaaa');
  });
});

describe('an exception in the callback', () => {
  test.each([
    {
      name: 'write()',
      call: (stream: AppendWritable) => stream.write('aaaa', thrower('write()')),
    },
    {
      name: 'flush()',
      call: (stream: AppendWritable) => {
        stream.write('aaaa');
        return stream.flush(thrower('flush()'));
      },
    },
    {
      name: 'end()',
      call: (stream: AppendWritable) => {
        stream.end('aaaa', thrower('end()'));
        return stream.flush();
      },
    },
  ])('of $name is uncaught once, and the bytes are committed', async ({ name, call }) => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log');
    const uncaught = catchUncaught();

    await call(stream);
    if (!stream.writableEnded) stream.end();
    await stream.flush();
    await new Promise((resolve) => setImmediate(resolve));

    expect(uncaught).toEqual([new Error(`from ${name}`)]);
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
    expect(stream.stats.attempts).toBe(1);
  });

  test.each(['write()', 'flush()'])(
    'of %s after a failure is uncaught, and the other callbacks still run',
    async (name) => {
      await using emulator = await startEmulator();
      emulator.faults.add({ kind: 'forbid', operation: 'append' });
      const stream = openStream(emulator, 'a.log');
      const uncaught = catchUncaught();
      const seen = eventsOf(stream, 'error', 'close');

      stream.write('aa', name === 'write()' ? thrower(name) : undefined);
      if (name === 'flush()') void stream.flush(thrower(name));
      const told = new Promise((resolve) => stream.write('bb', resolve));
      stream.end();
      await closed(stream);

      expect(await told).toMatchObject({ code: 'APPEND_ERR_SERVICE' });
      expect(uncaught).toEqual([new Error(`from ${name}`)]);
      expect(seen).toEqual(['error', 'close']);
      expect(String(stream.takeUncommitted()?.bytes)).toBe('aabb');
    },
  );
});

describe('captureRejections', () => {
  test.each(['ready', 'commit'])(
    "true destroys the stream with the rejection of an async listener of '%s'",
    async (event) => {
      await using emulator = await startEmulator();
      const stream = openStream(emulator, 'a.log', {
        captureRejections: true,
        chunkSize: 4,
        flushInterval: Number.POSITIVE_INFINITY,
      });
      const seen = eventsOf(stream, 'error', 'finish', 'close');
      stream.on(event, async () => {
        throw new Error(`from ${event}`);
      });

      stream.write('aaaabb');
      await closed(stream);

      expect(stream.errored).toEqual(new Error(`from ${event}`));
      expect(seen).toEqual(['error', 'close']);
      const { bytesWritten } = stream;
      const object = await emulator.read(bucket, 'a.log').catch(() => '');
      expect(`${object}`.slice(0, bytesWritten)).toBe('aaaa'.slice(0, bytesWritten));
      expect(String(stream.takeUncommitted()?.bytes)).toBe('aaaabb'.slice(bytesWritten));
    },
  );

  test('false leaves the rejection unhandled and the stream unaffected', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { captureRejections: false });
    const unhandled = nextUnhandled();
    stream.once('commit', async () => {
      throw new Error('from commit');
    });

    stream.end('aaaa');
    await finished(stream);

    expect(await unhandled).toEqual(new Error('from commit'));
    expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
  });
});

describe('a listener that calls the stream', () => {
  test.each([
    {
      scenario: "write() in 'commit' appends after the earlier writes",
      event: 'commit',
      call: (stream: AppendWritable) => stream.write('dd'),
      object: 'aaaabbbbccdd',
    },
    {
      scenario: "flush() in 'ready' commits the earlier writes",
      event: 'ready',
      call: (stream: AppendWritable) => stream.flush(),
      object: 'aaaabbbbcc',
    },
    {
      scenario: "end() in 'retry' commits the earlier writes",
      event: 'retry',
      call: (stream: AppendWritable) => stream.end(),
      object: 'aaaabbbbcc',
    },
  ])('$scenario', async ({ event, call, object }) => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 2 });
    const stream = openStream(emulator, 'a.log', { chunkSize: 4, highWaterMark: 8 });
    for (const text of ['aaaa', 'bbbb', 'cc']) stream.write(text);

    await once(stream, event);
    call(stream);
    if (!stream.writableEnded) stream.end();
    await finished(stream);

    expect(String(await emulator.read(bucket, 'a.log'))).toBe(object);
  });

  test.each(['ready', 'commit', 'retry', 'reconcile', 'drain'])(
    "destroy() in '%s' hands back the uncommitted bytes",
    async (event) => {
      await using emulator = await startEmulator();
      emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 2 });
      const chunkSize = 40 * 1024;
      const stream = openStream(emulator, 'a.log', { chunkSize, highWaterMark: 2 * chunkSize });
      const seen = eventsOf(stream, 'error', 'finish', 'close');
      const everything = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(chunkSize)).join('');
      stream.once(event, () => stream.destroy());

      stream.write(everything);
      await closed(stream);

      const { bytesWritten } = stream;
      expect(seen).toEqual(['close']);
      expect(bytesWritten % chunkSize).toBe(0);
      const object = String(await emulator.read(bucket, 'a.log').catch(() => ''));
      expect(object.slice(0, bytesWritten)).toBe(everything.slice(0, bytesWritten));
      expect(String(stream.takeUncommitted()?.bytes)).toBe(everything.slice(bytesWritten));
    },
  );
});

/** Collects uncaught exceptions, which would otherwise end the test run. */
function catchUncaught(): Error[] {
  const caught: Error[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => caught.push(error));
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of others) process.on('uncaughtException', listener);
  });
  return caught;
}

/** Resolves with the next unhandled rejection, which would otherwise end the test run. */
function nextUnhandled(): Promise<unknown> {
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  return new Promise((resolve) => {
    process.once('unhandledRejection', (reason) => {
      for (const listener of others) process.on('unhandledRejection', listener);
      resolve(reason);
    });
  });
}
