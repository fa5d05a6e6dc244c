import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { AppendReadable } from '../../src/index.js';
import {
  failure,
  failWith,
  hang,
  ignoreSignal,
  ScriptedClient,
} from '../append/scripted-client.js';
import { openReader, pass } from './open-reader.js';
import { settle } from './scripted-reading.js';

describe('AppendReadable without follow', () => {
  test('reads an object to its end', async () => {
    const client = new ScriptedClient('0123456789');

    expect(String(await buffer(new AppendReadable({ client, key: 'a.log' })))).toBe('0123456789');
    expect(client.calls).toEqual(['head', 'get 0-10']);
  });

  test.each([
    { range: { start: 3 }, text: '3456789' },
    { range: { end: 3 }, text: '012' },
    { range: { start: 3, end: 5 }, text: '34' },
    { range: { start: 3, end: 50 }, text: '3456789' },
    { range: { start: 10 }, text: '' },
    { range: { start: 3, end: 3 }, text: '' },
  ])('reads the range $range', async ({ range, text }) => {
    const client = new ScriptedClient('0123456789');

    const reader = new AppendReadable({ client, key: 'a.log', ...range });

    expect(String(await buffer(reader))).toBe(text);
  });

  test('reads nothing of an empty object', async () => {
    const reader = new AppendReadable({ client: new ScriptedClient(''), key: 'a.log' });

    expect(await buffer(reader)).toHaveLength(0);
  });

  test('fails where there is no object', async () => {
    const reader = new AppendReadable({ client: new ScriptedClient(), key: 'a.log' });

    await expect(buffer(reader)).rejects.toMatchObject({
      code: 'APPEND_ERR_MISSING',
      key: 'a.log',
      message: 'Cannot read "a.log": there is no such object',
    });
  });

  test('fails where the object ends before the start', async () => {
    const reader = new AppendReadable({ client: new ScriptedClient('01'), key: 'a.log', start: 3 });

    await expect(buffer(reader)).rejects.toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      position: 3,
      actualLength: 2,
    });
  });

  test('decodes with an encoding, also across pieces', async () => {
    const euro = Buffer.from('€');
    const client = new ScriptedClient('€');
    client.script('get', () => Readable.from([euro.subarray(0, 1), euro.subarray(1)]));
    const reader = new AppendReadable({ client, key: 'a.log', encoding: 'utf8' });

    expect(await reader.toArray()).toEqual(['€']);
  });
});

describe('AppendReadable with follow', () => {
  test('passes on what is appended, at most an interval later', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { follow: true });
    opened.flow();
    await settle();
    expect(opened.text).toBe('one ');
    client.strangerAppends('two ');
    await pass(999);
    expect(opened.text).toBe('one ');
    await pass(1);

    expect(opened.text).toBe('one two ');
    expect(opened.reader).toMatchObject({ position: 8, bytesRead: 8, key: 'a.log' });
    expect(client.calls).toEqual(['head', 'get 0-4', 'head', 'get 4-8']);
  });

  test('asks less and less often while nothing is new: 360 times an hour', async () => {
    const client = new ScriptedClient('one ');
    openReader(client, { follow: true }).flow();
    await pass(3_600_000);

    const heads = client.calls.filter((call) => call === 'head').length;
    expect(heads).toBeGreaterThan(355);
    expect(heads).toBeLessThanOrEqual(365);
  });

  test('asks once a second while something is new', async () => {
    const client = new ScriptedClient('');
    openReader(client, { follow: true }).flow();
    await settle();
    for (let second = 0; second < 60; second++) {
      client.strangerAppends('x');
      await vi.advanceTimersByTimeAsync(1000);
    }
    await settle();

    const heads = client.calls.filter((call) => call === 'head').length;
    expect(heads).toBeGreaterThanOrEqual(60);
    expect(heads).toBeLessThanOrEqual(61);
  });

  test('uses the intervals that it is given', async () => {
    const client = new ScriptedClient('');
    const follow = { pollInterval: 10, maxPollInterval: 40 };
    openReader(client, { follow }).flow();
    // At 0, 20, 60, 100, ...
    await pass(400);

    expect(client.calls).toHaveLength(11);
  });

  test('waits for an object that does not exist yet', async () => {
    const client = new ScriptedClient();
    const opened = openReader(client, { follow: true });
    opened.flow();
    await pass(30_000);
    client.strangerAppends('here');
    await pass(10_000);

    expect(opened.text).toBe('here');
    expect(opened.errors).toEqual([]);
  });

  test('fails when the object is gone in which another reader stopped', async () => {
    const client = new ScriptedClient();
    const opened = openReader(client, { follow: true, start: 10 });
    opened.flow();
    await settle();

    expect(opened.errors).toMatchObject([
      { code: 'APPEND_ERR_DIVERGED', key: 'a.log', position: 10, actualLength: 0 },
    ]);
  });

  test('ends when the object is sealed, with all its bytes', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { follow: true });
    opened.flow();
    await settle();
    client.strangerAppends('two');
    await client.sealAppendObject('a.log', 7);
    await pass(1000);

    expect(opened.text).toBe('one two[end]');
    expect(opened.reader.destroyed).toBe(true);
  });

  test('ends at the end that it is given', async () => {
    const client = new ScriptedClient('0123');
    const opened = openReader(client, { follow: true, end: 6 });
    opened.flow();
    await settle();
    client.strangerAppends('456789');
    await pass(1000);

    expect(opened.text).toBe('012345[end]');
  });

  test('fails when the object is replaced, and passes nothing of the other one on', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { follow: true });
    opened.flow();
    await settle();
    client.create(Buffer.from('other bytes'));
    await pass(1000);

    expect(opened.text).toBe('one ');
    expect(opened.errors).toMatchObject([{ code: 'APPEND_ERR_DIVERGED', position: 4 }]);
  });

  test('tries again, and tells of it', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { follow: true });
    const retries: unknown[] = [];
    opened.reader.on('retry', (notice) => retries.push(notice));
    client.script('head', failWith(failure.answered()));
    opened.flow();
    await settle();

    expect(opened.text).toBe('one ');
    expect(retries).toMatchObject([{ attemptNumber: 1, retriesLeft: 3 }]);
  });

  test('fails when the retries are spent', async () => {
    const client = new ScriptedClient('one ');
    client.script('head', ...Array.from({ length: 4 }, () => failWith(failure.unanswered())));
    const opened = openReader(client, { follow: true });
    opened.flow();
    await settle();

    expect(opened.errors).toMatchObject([{ code: 'APPEND_ERR_RETRIES_EXHAUSTED', attempts: 4 }]);
  });

  test('gives up on a request that takes too long, also with a client that does not care', async () => {
    const client = new ScriptedClient('one ').script('head', ignoreSignal);
    const opened = openReader(client, { follow: true, requestTimeout: 5000 });
    opened.flow();
    await pass(5999);
    expect(opened.text).toBe('');
    await pass(1);

    expect(opened.text).toBe('one ');
  });
});

describe('the backpressure of AppendReadable', () => {
  test('asks for nothing while nobody reads', async () => {
    const client = new ScriptedClient('one ');
    openReader(client, { follow: true });
    await pass(60_000);

    expect(client.calls).toEqual([]);
  });

  test('stops to ask when the stream is paused, and asks at once when it flows again', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { follow: true });
    opened.flow();
    await settle();
    opened.reader.pause();
    const { length } = client.calls;
    await pass(60_000);
    expect(client.calls).toHaveLength(length);
    expect(vi.getTimerCount()).toBe(0);
    client.strangerAppends('two ');
    opened.reader.resume();
    await settle();

    expect(opened.text).toBe('one two ');
  });

  test('asks at once after a short pause too, whatever the interval had grown to', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { follow: true });
    opened.flow();
    await pass(60_000);
    // The last poll was ten seconds ago at most; its interval ends in as many at most.
    await pass(2000);
    opened.reader.pause();
    await pass(200);
    client.strangerAppends('two ');
    opened.reader.resume();
    await settle();

    expect(opened.text).toBe('one two ');
  });

  test('keeps no timer while the stream is paused', async () => {
    const { reader, flow } = openReader(new ScriptedClient('one '), { follow: true });
    flow();
    await pass(60_000);
    reader.pause();
    await settle();

    expect(vi.getTimerCount()).toBe(0);
  });

  test('asks no more often than each pollInterval where pauses are many', async () => {
    const client = new ScriptedClient();
    const { reader, flow } = openReader(client, { follow: true });
    flow();
    await settle();
    client.calls.length = 0;
    for (let pauses = 0; pauses < 100; pauses++) {
      reader.pause();
      await pass(50);
      reader.resume();
      await pass(50);
    }

    expect(client.calls).toHaveLength(10);
  });

  test('asks again when a paused stream gets a listener of readable', async () => {
    const client = new ScriptedClient('one ');
    const { reader } = openReader(client, { follow: true });
    reader.resume();
    await settle();
    reader.pause();
    await pass(60_000);
    client.strangerAppends('two ');
    const texts: string[] = [];
    reader.on('readable', () => texts.push(String(reader.read())));
    await settle();

    expect(texts).toEqual(['two ']);
  });

  test('stops to ask while a pipe is blocked', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { follow: true });
    let unblock = () => {};
    const target = new Writable({
      highWaterMark: 1,
      write: (bytes, _encoding, callback) => {
        opened.log.push(String(bytes));
        unblock = callback;
      },
    });
    opened.reader.pipe(target);
    await pass(60_000);
    expect(client.calls).toEqual(['head', 'get 0-4']);
    client.strangerAppends('two ');
    unblock();
    await settle();

    expect(opened.text).toBe('one two ');
  });

  test('asks while somebody waits for readable', async () => {
    const client = new ScriptedClient();
    const { reader } = openReader(client, { follow: true });
    reader.on('readable', () => {});
    await pass(60_000);

    expect(client.calls.length).toBeGreaterThan(6);
  });

  test('reads no more of a long stretch than fits into the buffer', async () => {
    const sent: number[] = [];
    const client = new ScriptedClient(Buffer.alloc(20 * 2 ** 20));
    client.script('get', () =>
      Readable.from(
        (function* () {
          for (let index = 0; index < 320; index++) {
            sent.push(index);
            yield Buffer.alloc(65_536);
          }
        })(),
        { highWaterMark: 1 },
      ),
    );
    const { reader } = openReader(client, { highWaterMark: 2 * 65_536 });
    reader.once('readable', () => {});
    await settle();

    expect(reader.readableLength).toBe(2 * 65_536);
    expect(sent.length).toBeLessThan(6);
  });

  test('position is that of the bytes that were taken', async () => {
    const client = new ScriptedClient('0123456789');
    const { reader } = openReader(client, { follow: true, start: 2 });
    expect(reader.position).toBe(2);
    reader.once('readable', () => {});
    await settle();

    expect(reader.position).toBe(2);
    expect(reader.read(3)).toEqual(Buffer.from('234'));
    expect(reader.position).toBe(5);
    expect(reader.bytesRead).toBe(8);
  });
});

describe('destroying AppendReadable', () => {
  const states = [
    { state: 'before it reads', script: () => {}, wait: 0, isReading: false },
    {
      state: 'in a HEAD',
      script: (client: ScriptedClient) => client.script('head', hang),
      wait: 0,
      isReading: true,
    },
    {
      state: 'in a GET',
      script: (client: ScriptedClient) => client.script('get', hang),
      wait: 0,
      isReading: true,
    },
    {
      state: 'in a HEAD whose client does not care',
      script: (client: ScriptedClient) => client.script('head', ignoreSignal),
      wait: 0,
      isReading: true,
    },
    {
      state: 'in a body that stands still',
      script: (client: ScriptedClient) => client.script('get', () => new Readable({ read() {} })),
      wait: 0,
      isReading: true,
    },
    {
      state: 'before a retry',
      script: (client: ScriptedClient) => client.script('head', failWith(failure.answered())),
      wait: 0,
      isReading: true,
      options: { retry: { minTimeout: 5000 } },
    },
    { state: 'between polls', script: () => {}, wait: 500, isReading: true },
  ];

  test.each(states)('$state ends everything', async ({ script, wait, isReading, ...row }) => {
    const client = new ScriptedClient('one ');
    script(client);
    const opened = openReader(client, { follow: true, ...row.options });
    if (isReading) opened.flow();
    await pass(wait);
    opened.reader.destroy();
    const { length } = client.calls;
    await pass(60_000);

    expect(opened.errors).toEqual([]);
    expect(client.calls).toHaveLength(length);
    expect(vi.getTimerCount()).toBe(0);
    expect(opened.reader.closed).toBe(true);
  });

  test.each(states)('$state by a signal fails with an AbortError', async (row) => {
    const client = new ScriptedClient('one ');
    row.script(client);
    const controller = new AbortController();
    const { signal } = controller;
    const opened = openReader(client, { follow: true, signal, ...row.options });
    if (row.isReading) opened.flow();
    await pass(row.wait);
    controller.abort();
    await pass(60_000);

    expect(opened.errors).toMatchObject([{ name: 'AbortError' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('by a signal that was aborted before sends no request', async () => {
    const client = new ScriptedClient('one ');
    const opened = openReader(client, { signal: AbortSignal.abort() });
    opened.flow();
    await settle();

    expect(opened.errors).toMatchObject([{ name: 'AbortError' }]);
    expect(client.calls).toEqual([]);
  });

  test('leaves nobody a listener at the signal', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const opened = openReader(new ScriptedClient('one '), { signal });
    opened.flow();
    await finished(opened.reader);
    await settle();

    expect(added.mock.calls.length).toBeGreaterThan(0);
    expect(removed.mock.calls.length).toBeGreaterThanOrEqual(added.mock.calls.length);
  });

  test('by leaving a loop ends the download', async () => {
    const body = Readable.from([Buffer.from('one '), Buffer.from('two ')]);
    const client = new ScriptedClient('one two ').script('get', () => body);
    const { reader } = openReader(client, { start: 0, end: 8 });
    for await (const _ of reader) break;
    await settle();

    expect(body.destroyed).toBe(true);
  });

  test('does not close a client that was given', async () => {
    const client = new ScriptedClient('one ');
    const close = vi.spyOn(client, 'close');
    const opened = openReader(client);
    opened.flow();
    await once(opened.reader, 'close');

    expect(close).not.toHaveBeenCalled();
  });
});

test('a printed reader shows its state, and neither options nor data', async () => {
  const reader = new AppendReadable({
    region: 'cn-hangzhou',
    bucket: 'logs',
    key: 'a.log',
    credentials: { accessKeyId: 'id', accessKeySecret: 'do-not-show-me' },
  });

  expect(inspect(reader, { breakLength: Number.POSITIVE_INFINITY })).toBe(
    "AppendReadable { key: 'a.log', position: 0, bytesRead: 0, readableLength: 0, destroyed: false, errored: null }",
  );
  expect(inspect(reader, { depth: 20, showHidden: true })).not.toContain('do-not-show-me');
  expect(JSON.stringify(reader)).not.toContain('do-not-show-me');
  reader.destroy();
});
