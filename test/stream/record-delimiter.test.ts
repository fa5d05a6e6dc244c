import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable, type AppendWritableOptions } from '../../src/index.js';
import { ScriptedClient } from '../append/scripted-client.js';
import { openStream } from '../helpers/open-stream.js';

/** A stream of lines, with the bodies of its appends. */
function openLines(options: Partial<AppendWritableOptions> = {}) {
  const client = new ScriptedClient();
  const bodies: string[] = [];
  const append = client.appendObject.bind(client);
  client.appendObject = (key, position, body, ...rest) => {
    bodies.push(String(Buffer.from(body)));
    return append(key, position, body, ...rest);
  };
  const stream = new AppendWritable({ client, key: 'a', recordDelimiter: '\n', ...options });
  return { stream, client, bodies };
}

describe('recordDelimiter', () => {
  test('makes every append end with a line, whatever the writes are cut into', async () => {
    const { stream, client, bodies } = openLines({ chunkSize: 1000, highWaterMark: 4000 });
    const lines = Array.from(
      { length: 2000 },
      (_, index) => `line ${index} ${'x'.repeat(index % 70)}\n`,
    );
    const text = lines.join('');
    for (let start = 0; start < text.length; start += 137) {
      if (stream.write(text.slice(start, start + 137))) continue;
      await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
    await finished(stream);

    expect(client.contents).toBe(text);
    expect(bodies.length).toBeGreaterThan(text.length / 1000);
    expect(bodies.filter((body) => !body.endsWith('\n'))).toEqual([]);
  });

  test('commits an unfinished line with end(), and adds no bytes', async () => {
    const { stream, client, bodies } = openLines();
    stream.end('one\ntwo');
    await finished(stream);

    expect(client.contents).toBe('one\ntwo');
    expect(bodies).toEqual(['one\ntwo']);
  });

  test('keeps the callback of an unfinished line waiting, and says how much waits', async () => {
    const { stream, bodies } = openLines({ flushInterval: 1 });
    const first = new Promise((resolve) => stream.write('one\n', resolve));
    let isCommitted = false;
    stream.write('tw', () => {
      isCommitted = true;
    });
    await first;
    expect(isCommitted).toBe(false);
    expect(stream.writableLength).toBe(2);

    await new Promise((resolve) => stream.write('o\n', resolve));
    expect(isCommitted).toBe(true);
    expect(bodies).toEqual(['one\n', 'two\n']);
    stream.destroy();
  });

  test('hands back an unfinished line after a failure, with what was not committed before it', async () => {
    const { stream } = openLines({ flushInterval: Number.POSITIVE_INFINITY });
    stream.write('one\ntw');
    await new Promise((resolve) => stream.once('ready', resolve));
    stream.destroy();

    expect(String(stream.takeUncommitted()?.bytes)).toBe('one\ntw');
  });

  test.each([
    ['bytes', Buffer.from('\r\n')],
    ['characters of several bytes', '行'],
  ])('may be %s', async (_, recordDelimiter) => {
    await using emulator = await startEmulator();
    const end = String(recordDelimiter);
    const stream = openStream(emulator, 'a.log', {
      recordDelimiter,
      chunkSize: 10,
      highWaterMark: 40,
    });
    for (const piece of [`one${end}tw`, `o${end}`, 'unfinished']) stream.write(piece);
    stream.end();
    await finished(stream);

    expect(String(await emulator.read('examplebucket', 'a.log'))).toBe(
      `one${end}two${end}unfinished`,
    );
  });
});
