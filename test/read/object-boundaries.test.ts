import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { AppendReadable, AppendReadableOptions } from '../../src/index.js';
import { ScriptedStore } from '../append/scripted-store.js';
import { openReader, pass } from './open-reader.js';
import { settle } from './scripted-reading.js';

/** Opens a reader of `app.log`, `app.1.log` and so on, with these contents. */
function openSeries(
  contents: readonly (string | Buffer)[],
  options: Partial<AppendReadableOptions> = {},
) {
  const store = new ScriptedStore();
  for (const [sequence, content] of contents.entries()) {
    store.at(keyOf(sequence)).strangerAppends(content);
  }
  return openReader(store, { key: 'app.log', rollover: true, start: 0, ...options });
}

const keyOf = (sequence: number) => (sequence === 0 ? 'app.log' : `app.${sequence}.log`);

const three = ['one ', 'two, longer ', 'three'];
const rollovers = ['[app.log at 4 > app.1.log]', '[app.1.log at 12 > app.2.log]'] as const;

describe('where one object ends and the next begins', () => {
  test('the event comes between their bytes, however slowly they are taken', async () => {
    const { reader, log } = openSeries(three);
    reader.once('readable', () => {});
    await pass(10_000);
    expect(log).toEqual([]);
    log.push(String(reader.read(2)));
    await settle();
    expect(reader).toMatchObject({ key: 'app.log', position: 2 });
    log.push(String(reader.read(2)));
    await settle();
    // Only who asks for more is through with the object.
    expect(reader).toMatchObject({ key: 'app.log', position: 4 });
    expect(log).toEqual(['on', 'e ']);
    log.push(String(reader.read()));

    expect(log).toEqual(['on', 'e ', rollovers[0], 'two, longer ']);
    expect(reader).toMatchObject({ key: 'app.1.log', position: 12 });
  });

  test('the event comes between their bytes when a stream that was paused flows again', async () => {
    const opened = openSeries(three);
    opened.reader.once('readable', () => {});
    await settle();
    expect(opened.reader.readableLength).toBe(three.join('').length);
    opened.flow();
    await settle();

    expect(opened.log).toEqual([
      'one ',
      rollovers[0],
      'two, longer ',
      rollovers[1],
      'three',
      '[end]',
    ]);
  });

  const ways: {
    way: string;
    consume: (reader: AppendReadable, take: (b: unknown) => void) => void | Promise<void>;
  }[] = [
    {
      way: 'one read() for each event',
      consume: (reader, take) => {
        reader.on('readable', () => take(reader.read()));
      },
    },
    {
      way: 'read() until there is nothing',
      consume: (reader, take) => {
        reader.on('readable', () => {
          for (let bytes = reader.read(); bytes !== null; bytes = reader.read()) take(bytes);
        });
      },
    },
    ...[1, 3, 5, 16, 100].map((size) => ({
      way: `read(${size}) until there is nothing`,
      consume: (reader: AppendReadable, take: (b: unknown) => void) => {
        reader.on('readable', () => {
          for (let bytes = reader.read(size); bytes !== null; bytes = reader.read(size))
            take(bytes);
        });
      },
    })),
    {
      way: 'a loop',
      consume: async (reader, take) => {
        for await (const bytes of reader) take(bytes);
      },
    },
    {
      way: 'a loop whose body takes its time',
      consume: async (reader, take) => {
        for await (const bytes of reader) {
          take(bytes);
          await settle();
        }
      },
    },
  ];
  const marks = [1, 6, 65_536];

  describe.each(marks)('with a highWaterMark of %i', (highWaterMark) => {
    test.each(ways)('everything is read to the end: $way', async ({ consume }) => {
      const { reader, log, errors } = openSeries(three, { highWaterMark });
      const taken: string[] = [];
      consume(reader, (bytes) => {
        if (bytes !== null) taken.push(String(bytes));
      });
      await once(reader, 'end');

      expect(taken.join('')).toBe(three.join(''));
      expect(log).toEqual([...rollovers, '[end]']);
      expect(reader).toMatchObject({ key: 'app.2.log', position: 5, bytesRead: 21 });
      expect(errors).toEqual([]);
    });
  });

  test.each(ways)('nothing that waits is left while the stream follows: $way', async (row) => {
    const { reader } = openSeries(three.slice(0, 2), { follow: true, highWaterMark: 4 });
    const taken: string[] = [];
    const consuming = row.consume(reader, (bytes) => {
      if (bytes !== null) taken.push(String(bytes));
    });
    await pass(10_000);
    const size = Number(/read\((\d+)\)/.exec(row.way)?.[1] ?? 1);
    const most = 16 - (16 % size);

    expect(taken.join('')).toBe(three.join('').slice(0, most));
    reader.destroy();
    // A loop fails then.
    await Promise.allSettled([consuming]);
  });

  test('a character may be divided between them', async () => {
    const euro = Buffer.from('€');
    const contents = [euro.subarray(0, 1), euro.subarray(1)];
    const looped: string[] = [];
    const { reader } = openSeries(contents, { encoding: 'utf8' });
    for await (const characters of reader) looped.push(characters);

    expect(looped.join('')).toBe('€');
    expect(await text(openSeries(contents, { encoding: 'utf8' }).reader)).toBe('€');
  });

  test('a loop sees key and position of the bytes that it has', async () => {
    const { reader, log } = openSeries(three);
    for await (const bytes of reader) {
      await settle();
      log.push(`${bytes}${reader.key} ${reader.position}`);
    }

    expect(log).toEqual([
      'one app.log 4',
      rollovers[0],
      'two, longer app.1.log 12',
      rollovers[1],
      // The stream ends as soon as its last bytes are taken.
      '[end]',
      'threeapp.2.log 5',
    ]);
  });

  test('bytes of both may come at once for a size, and the event after them', async () => {
    const { reader, log } = openSeries(three);
    reader.once('readable', () => {});
    await settle();
    log.push(String(reader.read(6)));
    expect(reader).toMatchObject({ key: 'app.1.log', position: 2 });
    await settle();
    reader.unshift('two');
    expect(reader).toMatchObject({ key: 'app.log', position: 3 });
    log.push(String(reader.read(3)));

    expect(log).toEqual(['one tw', rollovers[0], 'two']);
    expect(reader).toMatchObject({ key: 'app.1.log', position: 2 });
  });

  test('a listener that throws is not the error of the stream', async () => {
    const opened = openSeries(three);
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    opened.reader.once('rollover', () => {
      throw new Error('of the application');
    });
    opened.flow();

    expect(await thrown).toMatchObject({ message: 'of the application' });
    await settle();
    expect(opened.errors).toEqual([]);
    expect(opened.log.at(-1)).toBe('[end]');
  });
});
