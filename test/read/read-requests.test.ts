import { Readable } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ReadClient, ReadRequests } from '../../src/read/read-requests.js';
import { type Behaviour, failure, failWith, ScriptedClient } from '../append/scripted-client.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import { Collector, requestsTo, settle } from './scripted-reading.js';

afterEach(() => {
  useRealTimers();
});

const refuse = (actualLength: number | undefined) => new Error(`only ${actualLength} bytes`);

function read(requests: ReadRequests, start = 0, end = 10): Promise<Collector> {
  return new Collector().drain(requests.range('a.log', { start, end, refuse }));
}

/** Answers a GET with the first bytes of the range, and breaks. */
function breakAfter(byteLength: number): Behaviour {
  return ({ apply }) => {
    const whole = apply() as Readable;
    return Readable.from(
      (async function* () {
        for await (const bytes of whole) yield (bytes as Buffer).subarray(0, byteLength);
        throw failure.unanswered();
      })(),
    );
  };
}

const respond =
  (pieces: readonly unknown[]): Behaviour =>
  () =>
    Readable.from(pieces);

describe('head() of ReadRequests', () => {
  test('tries again, and says so', async () => {
    const client = new ScriptedClient('x').script('head', failWith(failure.answered()));
    const { requests, notices } = requestsTo(client);

    expect(await requests.head('a.log', 0)).toMatchObject({ length: 1 });
    expect(notices).toMatchObject([{ attemptNumber: 1, retriesLeft: 3 }]);
  });

  test('gives up when the retries are spent, and says where the object was read', async () => {
    const client = new ScriptedClient('x');
    client.script('head', ...Array.from({ length: 4 }, () => failWith(failure.unanswered())));

    await expect(requestsTo(client).requests.head('a.log', 7)).rejects.toMatchObject({
      code: 'APPEND_ERR_RETRIES_EXHAUSTED',
      key: 'a.log',
      position: 7,
      attempts: 4,
      message: 'Cannot read "a.log" at position 7 after 4 attempts: A scripted failure: unknown',
    });
  });

  test.each(['forbidden', 'fatal'] as const)('does not try again what is %s', async (outcome) => {
    const client = new ScriptedClient('x').script('head', failWith(failure[outcome]()));

    await expect(requestsTo(client).requests.head('a.log', 0)).rejects.toMatchObject({ outcome });
    expect(client.calls).toEqual(['head']);
  });

  test('refuses an answer without a usable length', async () => {
    const client = new ScriptedClient('x').script('head', () => ({ length: -1 }));
    const { requests } = requestsTo(client, { retries: 0 });

    await expect(requests.head('a.log', 0)).rejects.toThrow('as the length of the object');
  });
});

describe('range() of ReadRequests', () => {
  test('goes on where a connection broke, as often as bytes arrive', async () => {
    const client = new ScriptedClient('0123456789');
    client.script('get', ...Array.from({ length: 9 }, () => breakAfter(1)));
    const { requests, notices } = requestsTo(client);

    expect(await read(requests)).toMatchObject({ text: '0123456789', error: undefined });
    expect(client.calls).toHaveLength(10);
    expect(client.calls.at(-1)).toBe('get 9-10');
    expect(notices).toHaveLength(9);
  });

  test('pauses after each connection that broke, as after a request that failed', async () => {
    useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const client = new ScriptedClient('0123456789').script('get', breakAfter(1), breakAfter(1));
    const reading = read(requestsTo(client, { minTimeout: 200 }).requests);
    await settle();
    expect(client.calls).toEqual(['get 0-10']);
    await vi.advanceTimersByTimeAsync(199);
    await settle();
    expect(client.calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(client.calls).toEqual(['get 0-10', 'get 1-10']);
    await vi.advanceTimersByTimeAsync(200);

    expect(await reading).toMatchObject({ text: '0123456789', error: undefined });
  });

  test('ends at once when it is aborted during that pause', async () => {
    useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const client = new ScriptedClient('0123456789').script('get', breakAfter(1));
    const { requests, controller } = requestsTo(client, { minTimeout: 200 });
    const reading = read(requests);
    await settle();
    controller.abort(new Error('enough'));

    expect((await reading).error).toMatchObject({ message: 'enough' });
    expect(client.calls).toEqual(['get 0-10']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('gives up when no bytes arrive any more', async () => {
    const client = new ScriptedClient('0123456789').script('get', breakAfter(4));
    client.script('get', ...Array.from({ length: 4 }, () => breakAfter(0)));

    expect(await read(requestsTo(client).requests)).toMatchObject({
      text: '0123',
      error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: 4, attempts: 4 },
    });
  });

  test('does not go on without retries', async () => {
    const client = new ScriptedClient('0123456789').script('get', breakAfter(4));
    const { requests } = requestsTo(client, { retries: 0 });

    expect(await read(requests)).toMatchObject({
      text: '0123',
      error: { code: 'APPEND_ERR_RETRIES_EXHAUSTED', position: 4, attempts: 1 },
    });
  });

  test('asks for the length when an answer ends early, and goes on if it is right', async () => {
    const client = new ScriptedClient('0123456789');
    client.script('get', respond([Buffer.from('0123')]), respond([]));

    expect(await read(requestsTo(client).requests)).toMatchObject({ text: '0123456789' });
    expect(client.calls).toEqual(['get 0-10', 'get 4-10', 'head', 'get 4-10']);
  });

  test('refuses an object that has become shorter, without another attempt', async () => {
    const client = new ScriptedClient('0123');

    expect((await read(requestsTo(client).requests)).error).toMatchObject({
      message: 'only 4 bytes',
    });
    expect(client.calls).toEqual(['get 0-10', 'get 4-10', 'head']);
  });

  test('refuses an object that is gone', async () => {
    const client = new ScriptedClient();

    expect((await read(requestsTo(client).requests)).error).toMatchObject({
      message: 'only undefined bytes',
    });
    expect(client.calls).toEqual(['get 0-10', 'head']);
  });

  test('skips empty pieces', async () => {
    const client = new ScriptedClient('01');
    client.script('get', respond([Buffer.of(), Buffer.from('0'), Buffer.of(), Buffer.from('1')]));

    expect((await read(requestsTo(client).requests, 0, 2)).pieces).toEqual(['0', '1']);
  });

  test.each([
    { scenario: 'text', pieces: ['0123'], message: 'a stream of string instead of bytes' },
    {
      scenario: 'more bytes than asked for',
      pieces: [Buffer.from('01234567'), Buffer.from('89x')],
      message: 'more bytes than asked for',
    },
  ])('refuses $scenario, and does not try again', async ({ pieces, message }) => {
    const client = new ScriptedClient('0123456789').script('get', respond(pieces));

    const { error } = await read(requestsTo(client).requests);

    expect((error as Error).message).toContain(message);
    expect(client.calls).toEqual(['get 0-10']);
  });

  test('refuses a client that returns no stream', async () => {
    const client: ReadClient = {
      headObject: async () => undefined,
      getObject: async () => 'text' as unknown as Readable,
    };

    const { error } = await read(requestsTo(client).requests);

    expect((error as Error).message).toMatch(/^The client threw a TypeError: /);
  });

  /** Bodies that send so much and then nothing. */
  const silentBodies = [
    {
      body: 'one that waits for its source',
      silentAfter: (text: string) => {
        const silent = new Readable({ read() {} });
        silent.push(text);
        return silent;
      },
    },
    {
      // Destroying it waits for the generator.
      body: 'one of a generator that waits',
      silentAfter: (text: string) =>
        Readable.from(
          (async function* () {
            yield Buffer.from(text);
            await new Promise(() => {});
          })(),
        ),
    },
  ];

  test.each(silentBodies)(
    'tries again when a body stands still, but not while nobody asks for more: $body',
    async ({ silentAfter }) => {
      useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const silent = silentAfter('01');
      const client = new ScriptedClient('0123').script('get', () => silent);
      const { requests } = requestsTo(client, { requestTimeout: 1000 });
      const pieces = requests.range('a.log', { start: 0, end: 4, refuse });

      expect(String((await pieces.next()).value)).toBe('01');
      await vi.advanceTimersByTimeAsync(5000);
      expect(silent.destroyed).toBe(false);
      const next = pieces.next();
      await settle();
      await vi.advanceTimersByTimeAsync(1000);

      expect(String((await next).value)).toBe('23');
      expect(silent.destroyed).toBe(true);
    },
  );

  test.each(silentBodies)(
    'ends at once when it is aborted, also in a body that stands still: $body',
    async ({ silentAfter }) => {
      const silent = silentAfter('0');
      const client = new ScriptedClient('0123').script('get', () => silent);
      const { requests, controller, notices } = requestsTo(client);
      const reading = read(requests, 0, 4);
      await settle();
      controller.abort(new Error('enough'));

      expect((await reading).error).toMatchObject({ message: 'enough' });
      expect(silent.destroyed).toBe(true);
      expect(notices).toEqual([]);
    },
  );

  test.each(['the time of its request', 'the signal'])(
    'ends a download that begins after the end of %s, and hears its failures',
    async (end) => {
      useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      let answer: (stream: Readable) => void = () => {};
      const client = new ScriptedClient('0123').script(
        'get',
        () => new Promise((resolve) => (answer = resolve)),
      );
      const { requests, controller } = requestsTo(client, { requestTimeout: 1000, retries: 0 });
      const reading = read(requests, 0, 4);
      await settle();
      if (end === 'the signal') controller.abort();
      else await vi.advanceTimersByTimeAsync(2000);
      expect((await reading).error).toBeInstanceOf(Error);

      const late = new Readable({ read() {} });
      answer(late);
      await settle();

      expect(late.destroyed).toBe(true);
      // Without a listener it would be an uncaught exception.
      late.emit('error', new Error('late'));
    },
  );

  test('bears a client that returns no stream after the end', async () => {
    let answer: (value: unknown) => void = () => {};
    const client = new ScriptedClient('0123').script(
      'get',
      () => new Promise((resolve) => (answer = resolve)),
    );
    const { requests, controller } = requestsTo(client);
    const reading = read(requests, 0, 4);
    await settle();
    controller.abort(new Error('enough'));
    answer(null);

    expect((await reading).error).toMatchObject({ message: 'enough' });
  });

  test('ends the download when nobody wants the rest', async () => {
    const endless = Readable.from([Buffer.from('01'), Buffer.from('23')]);
    const client = new ScriptedClient('0123').script('get', () => endless);

    for await (const _ of requestsTo(client).requests.range('a.log', { start: 0, end: 4, refuse }))
      break;

    expect(endless.destroyed).toBe(true);
  });
});
