import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { ObjectTail } from '../../../src/read/follow/object-tail.js';
import {
  answerWith,
  failure,
  failWith,
  preceded,
  ScriptedClient,
} from '../../append/scripted-client.js';
import { Collector, tailOf } from '../scripted-reading.js';

/** Asks once, and reads what is new. */
async function poll(tail: ObjectTail): Promise<Collector> {
  const collector = new Collector();
  try {
    const growth = await tail.look();
    if (growth !== undefined) await collector.drain(tail.read(growth));
  } catch (error) {
    collector.error = error;
  }
  return collector;
}

const rewrite = (text: string) =>
  preceded(({ object }) => {
    if (object !== undefined) object.bytes = Buffer.from(text);
  });

describe('ObjectTail', () => {
  test('reads what is there, and then what is new, with one HEAD and one GET each', async () => {
    const client = new ScriptedClient('first');
    const tail = tailOf(client);

    expect((await poll(tail)).text).toBe('first');
    client.strangerAppends('second');
    expect((await poll(tail)).text).toBe('second');
    expect((await poll(tail)).text).toBe('');

    expect(tail.position).toBe(11);
    expect(client.calls).toEqual(['head', 'get 0-5', 'head', 'get 5-11', 'head']);
  });

  test('waits for an object that does not exist', async () => {
    const client = new ScriptedClient();
    const tail = tailOf(client);

    expect(await poll(tail)).toMatchObject({ text: '', error: undefined });
    expect(tail.exists).toBe(false);
    client.strangerAppends('here');
    expect((await poll(tail)).text).toBe('here');
    expect(tail.exists).toBe(true);
  });

  test('is complete when it has read a sealed object to its end, and asks no more', async () => {
    const client = new ScriptedClient('all');
    await client.sealAppendObject('a.log', 3);
    const tail = tailOf(client);
    const growth = await tail.look();
    expect(tail.isComplete).toBe(false);

    if (growth !== undefined) await new Collector().drain(tail.read(growth));

    expect(tail.isComplete).toBe(true);
    expect(await tail.look()).toBeUndefined();
    expect(client.calls).toEqual(['seal 3', 'head', 'get 0-3']);
  });

  test('is complete at an end within the object, whose bytes it does not prove', async () => {
    const client = new ScriptedClient('0123456789');
    const tail = tailOf(client, { start: 2, end: 5 });

    expect((await poll(tail)).text).toBe('234');
    expect(tail.isComplete).toBe(true);
    expect(client.calls).toEqual(['head', 'get 2-5']);
  });

  test('is complete at once where no byte is wanted', () => {
    expect(tailOf(new ScriptedClient('0123'), { start: 2, end: 2 }).isComplete).toBe(true);
  });

  test.each([
    {
      scenario: 'was truncated',
      change: (client: ScriptedClient) => void client.create(Buffer.from('firs')),
      error: {
        actualLength: 4,
        message: 'Cannot read "a.log" at position 5: the object is 4 bytes long',
      },
    },
    {
      scenario: 'was rewritten with as many bytes',
      change: (client: ScriptedClient) => void client.create(Buffer.from('other')),
      error: {
        actualLength: 5,
        message:
          'Cannot read "a.log" at position 5: the object has been rewritten: its CRC-64 is not that of the bytes that were read',
      },
    },
    {
      scenario: 'was replaced by a longer one',
      change: (client: ScriptedClient) => void client.create(Buffer.from('others, more')),
      error: {
        actualLength: 12,
        message:
          'Cannot read "a.log" from position 5 to 12: the CRC-64 of the object is not that of the bytes that were read',
      },
    },
    {
      scenario: 'is gone',
      change: (client: ScriptedClient) => {
        client.object = undefined;
      },
      error: { actualLength: 0, message: 'Cannot read "a.log" at position 5: the object is gone' },
    },
  ])('fails when the object $scenario', async ({ change, error }) => {
    const client = new ScriptedClient('first');
    const tail = tailOf(client);
    await poll(tail);
    change(client);

    const result = await poll(tail);

    expect(result.text).toBe('');
    expect(result.error).toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      key: 'a.log',
      position: 5,
      provedTo: 5,
      ...error,
    });
  });

  test.each([
    { scenario: 'shorter', change: rewrite('sec'), actualLength: 3 },
    {
      scenario: 'gone',
      change: preceded((client) => {
        client.object = undefined;
      }),
      actualLength: 0,
    },
  ])(
    'fails when the object is $scenario between HEAD and GET',
    async ({ change, actualLength }) => {
      const client = new ScriptedClient('second').script('get', change);

      const result = await poll(tailOf(client, { start: 4 }));

      expect(result.error).toMatchObject({
        code: 'APPEND_ERR_DIVERGED',
        position: 4,
        actualLength,
      });
    },
  );

  test('passes nothing on of a stretch that was rewritten between HEAD and GET', async () => {
    const client = new ScriptedClient('second').script('get', rewrite('sEcond'));

    const result = await poll(tailOf(client));

    expect(result).toMatchObject({
      text: '',
      error: { position: 0, actualLength: 6, provedTo: 0 },
    });
  });
});

describe('the proof of ObjectTail', () => {
  const proveLimit = 4;

  test('comes before the bytes up to the limit, and behind them beyond it', async () => {
    const held = new ScriptedClient('1234').script('get', rewrite('123x'));
    const passed = new ScriptedClient('12345').script('get', rewrite('1234x'));

    expect((await poll(tailOf(held, { proveLimit }))).text).toBe('');
    const result = await poll(tailOf(passed, { proveLimit }));

    expect(result.text).toBe('1234x');
    expect(result.error).toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      position: 5,
      provedTo: 0,
      message:
        'Cannot read "a.log" from position 0 to 5: the CRC-64 of the object is not that of the bytes that were read; not all bytes from 0 on were proved',
    });
  });

  test('names the last position that was proved', async () => {
    const client = new ScriptedClient('123');
    const tail = tailOf(client, { proveLimit });
    await poll(tail);
    client.strangerAppends('456789');
    client.script('get', rewrite('12345678x'));

    expect((await poll(tail)).error).toMatchObject({ position: 9, provedTo: 3 });
  });

  test('passes a long stretch on while it arrives', async () => {
    let isAtEnd = false;
    const client = new ScriptedClient('123456').script('get', () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('123');
          yield Buffer.from('456');
          isAtEnd = true;
        })(),
        { highWaterMark: 1 },
      ),
    );
    const tail = tailOf(client, { proveLimit });
    const growth = await tail.look();
    if (growth === undefined) throw new Error('It has not grown');

    const first = await tail.read(growth).next();

    expect({ first: String(first.value), isAtEnd }).toEqual({ first: '123', isAtEnd: false });
  });

  test('begins with the second poll where the beginning is not read', async () => {
    const client = new ScriptedClient('0123456').script('get', rewrite('01234xx'));
    const tail = tailOf(client, { start: 4 });

    // Nobody can tell that these are not the bytes of the HEAD.
    expect(await poll(tail)).toMatchObject({ text: '4xx', error: undefined });
    expect((await poll(tail)).error).toMatchObject({
      position: 7,
      provedTo: 4,
      message: expect.stringMatching(/; not all bytes from 4 on were proved$/),
    });
  });

  test('covers all bytes from the second poll on', async () => {
    const client = new ScriptedClient('0123456');
    const tail = tailOf(client, { start: 4 });
    await poll(tail);
    client.strangerAppends('78');
    expect((await poll(tail)).text).toBe('78');
    client.create(Buffer.from('012345678').fill('x', 8));

    // What was there at the first poll stays unproved.
    expect((await poll(tail)).error).toMatchObject({ position: 9, provedTo: 4 });
  });

  test('has no gap where nothing is new at the first poll', async () => {
    const client = new ScriptedClient('0123');
    const tail = tailOf(client, { start: 4 });
    await poll(tail);
    client.strangerAppends('45');
    expect((await poll(tail)).text).toBe('45');
    client.create(Buffer.from('0'));

    expect((await poll(tail)).error).toMatchObject({ position: 6, provedTo: 6 });
  });

  test('does not begin with an answer that lacks the checksum', async () => {
    const client = new ScriptedClient('0123').script('head', answerWith({ crc64: undefined }));
    const tail = tailOf(client, { start: 2 });
    await poll(tail);
    // Nothing is new, but the checksum is known now.
    await poll(tail);
    client.strangerAppends('45');
    expect((await poll(tail)).text).toBe('45');
    client.create(Buffer.from('0'));

    expect((await poll(tail)).error).toMatchObject({ position: 6, provedTo: 2 });
  });

  test('is of the length alone in a store without checksums', async () => {
    const client = new ScriptedClient('123');
    client.tellsCrc64 = false;
    const tail = tailOf(client);
    await poll(tail);
    client.create(Buffer.from('xxx456'));

    expect((await poll(tail)).text).toBe('456');
    client.create(Buffer.from('xxx45'));
    expect((await poll(tail)).error).toMatchObject({ actualLength: 5, provedTo: 0 });
  });

  test('comes later where an answer lacks the checksum', async () => {
    const client = new ScriptedClient('123').script('head', answerWith({ crc64: undefined }));
    const tail = tailOf(client);
    await poll(tail);
    client.strangerAppends('456');
    expect(await poll(tail)).toMatchObject({ text: '456', error: undefined });

    const other = new ScriptedClient('123').script('head', answerWith({ crc64: undefined }));
    const lost = tailOf(other);
    await poll(lost);
    other.create(Buffer.from('x23456'));
    expect((await poll(lost)).error).toMatchObject({ position: 3, provedTo: 0 });

    const quiet = new ScriptedClient('123').script('head', answerWith({ crc64: undefined }));
    const late = tailOf(quiet);
    await poll(late);
    await poll(late);
    quiet.object = undefined;
    expect((await poll(late)).error).toMatchObject({ position: 3, provedTo: 3 });
  });
});

describe('an object that was left', () => {
  test('may be deleted', async () => {
    const client = new ScriptedClient('all');
    const tail = tailOf(client);
    await poll(tail);
    tail.leave();
    client.object = undefined;

    expect(await poll(tail)).toMatchObject({ text: '', error: undefined });
    expect(tail.isComplete).toBe(true);
  });

  test('must not be rewritten', async () => {
    const client = new ScriptedClient('all');
    const tail = tailOf(client);
    await poll(tail);
    tail.leave();
    client.create(Buffer.from('oth'));

    expect((await poll(tail)).error).toMatchObject({ code: 'APPEND_ERR_DIVERGED' });
  });
});

test('a refusal to read is the error', async () => {
  const client = new ScriptedClient('all').script('get', failWith(failure.forbidden()));

  expect((await poll(tailOf(client))).error).toMatchObject({ outcome: 'forbidden' });
});
