import { expect, test } from 'vitest';
import { LogWritable } from '../../src/logging/log-writable.js';
import { hang, ScriptedClient } from '../append/scripted-client.js';
import { closed } from '../helpers/closed.js';

test.each(['drop-oldest', 'drop-newest'] as const)(
  'flush() after destroy() drops none of the lines that a log hands back, with %s',
  async (policy) => {
    const client = new ScriptedClient('').script('append', hang);
    const stream = new LogWritable({
      client,
      key: 'log',
      fallback: false,
      flushInterval: 0,
      chunkSize: 100,
      highWaterMark: 400,
      overflow: { policy, maxLength: 1_000_000 },
    });
    stream.on('error', () => {});
    const lines = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`);
    for (const line of lines) stream.write(line);
    await expect.poll(() => stream.stats.attempts).toBe(1);
    const length = stream.writableLength;

    stream.destroy();
    const flushed = stream.flush();
    await expect(flushed).rejects.toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    const uncommitted = stream.takeUncommitted();
    await closed(stream);

    expect(length).toBe(lines.join('').length);
    expect(String(uncommitted?.bytes)).toBe(lines.join(''));
  },
);

test('flush() after destroy() rejects although a log without a fallback file holds an unfinished line', async () => {
  const client = new ScriptedClient('');
  const stream = new LogWritable({ client, key: 'log', fallback: false });
  stream.write('unfinished');

  stream.destroy();
  await closed(stream);
  const called = new Promise((resolve) => stream.flush(resolve));

  await expect(stream.flush()).rejects.toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
  expect(await called).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
  expect(String(stream.takeUncommitted()?.bytes)).toBe('unfinished');
});
