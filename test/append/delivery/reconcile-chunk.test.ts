import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Doubt, FrozenChunk } from '../../../src/append/delivery/frozen-chunk.js';
import { reconcileChunk } from '../../../src/append/delivery/reconcile-chunk.js';
import { ObjectProbe } from '../../../src/append/object-probe.js';
import { RequestRunner } from '../../../src/append/request-runner.js';
import { loadCrc64 } from '../../../src/crc64.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';
import { type Behaviour, failure, failWith, hang, ScriptedClient } from '../scripted-client.js';

const crc64 = await loadCrc64();
const crcOf = (text: string) => crc64(Buffer.from(text));
const creation = { contentType: 'text/plain' };

interface Question {
  /** Content of the object before the chunk; `undefined` if it did not exist. */
  readonly before?: string | undefined;
  readonly knowsCrc64?: boolean;
  readonly signal?: AbortSignal;
  readonly isMovable?: boolean;
  readonly doubt?: Doubt;
}

/** Reconciles a chunk through `client`, by default `chunk` appended to `head`. */
function ask(client: ScriptedClient, question: Question = {}) {
  const { knowsCrc64 = true, signal = new AbortController().signal, isMovable = false } = question;
  const before = 'before' in question ? question.before : 'head';
  const target = {
    key: 'a.log',
    position: before?.length ?? 0,
    crc64: knowsCrc64 ? crcOf(before ?? '') : undefined,
    exists: before !== undefined,
  };
  const request = { requestPayer: 'requester' } as const;
  const requests = new RequestRunner({ signal, requestTimeout: 1000, request });
  const chunk = new FrozenChunk(target, Buffer.from('chunk'), crc64);
  chunk.raiseDoubt(question.doubt ?? 'none');
  return reconcileChunk(chunk, {
    client,
    create: creation,
    requests,
    crc64,
    isMovable,
    isShared: false,
    probe: new ObjectProbe(client, requests),
  });
}

function holding(contents?: string, changes: Partial<ScriptedClient> = {}): ScriptedClient {
  return Object.assign(new ScriptedClient(contents), changes);
}

/** Answers a GET with these pieces. */
function pieces(...texts: string[]): Behaviour {
  return () => Readable.from(texts.map((text) => Buffer.from(text)));
}

describe('reconcileChunk()', () => {
  test.each([
    {
      contents: 'head',
      reconciliation: { outcome: 'not-committed', crc64: crcOf('head') },
    },
    {
      contents: 'headch',
      reconciliation: { outcome: 'partial', byteLength: 2, crc64: crcOf('headch') },
    },
    {
      contents: 'headchunk',
      reconciliation: { outcome: 'committed', crc64: crcOf('headchunk') },
    },
    { contents: 'headother', reconciliation: { outcome: 'diverged', actualLength: 9 } },
  ])(
    'resolves with $reconciliation.outcome for $contents after one HEAD',
    async ({ contents, reconciliation }) => {
      const client = holding(contents);

      await expect(ask(client)).resolves.toEqual({ reconciliation, exists: true });
      expect(client.calls).toEqual(['head']);
    },
  );

  test('resolves with whether the object exists', async () => {
    await expect(ask(holding(), { before: undefined })).resolves.toEqual({
      reconciliation: { outcome: 'not-committed', crc64: 0n },
      exists: false,
    });
    await expect(ask(holding(''), { before: undefined })).resolves.toEqual({
      reconciliation: { outcome: 'not-committed', crc64: 0n },
      exists: true,
    });
  });

  test('rejects with the error of a failed HEAD', async () => {
    const thrown = failure.answered();
    const client = holding('head').script('head', failWith(thrown));

    await expect(ask(client)).rejects.toBe(thrown);
  });
});

describe('reconcileChunk() of a chunk that may go to another object', () => {
  const isMovable = true;

  test.each([
    { contents: 'headother', get: 'get 4-9' },
    { contents: 'headothers', get: 'get 4-9' },
    { contents: 'headot', get: 'get 4-6' },
    { contents: 'headchunz+', get: 'get 4-9' },
  ])('reads what $contents has in its place, if an attempt is in doubt', async (row) => {
    for (const doubt of ['unknown', 'unanswered'] as const) {
      const client = holding(row.contents);

      await expect(ask(client, { isMovable, doubt })).resolves.toEqual({
        reconciliation: { outcome: 'diverged', actualLength: row.contents.length },
        exists: true,
        isAbsent: true,
      });
      expect(client.calls).toEqual(['head', row.get]);
    }
  });

  test('finds that it landed before another writer appended', async () => {
    const client = holding('headchunkmore');

    await expect(ask(client, { isMovable, doubt: 'unanswered' })).resolves.toEqual({
      reconciliation: { outcome: 'committed', crc64: crcOf('headchunk') },
      exists: true,
    });
  });

  test.each(['HEADchunk', 'HEADch'])(
    'does not take %s for its own, since the bytes before it are not ours',
    async (contents) => {
      const finding = await ask(holding(contents), { isMovable, doubt: 'unanswered' });

      expect(finding).toEqual({
        reconciliation: { outcome: 'diverged', actualLength: contents.length },
        exists: true,
      });
    },
  );

  test.each([
    { scenario: 'no attempt is in doubt', contents: 'headother', doubt: 'none' },
    { scenario: 'the position was refused', contents: 'headother', doubt: 'conflict' },
    { scenario: 'the object is too short', contents: 'hea', doubt: 'unanswered' },
    { scenario: 'nothing is in its place', contents: 'HEAD', doubt: 'unanswered' },
    { scenario: 'the object is gone', contents: undefined, doubt: 'unanswered' },
  ] as const)('reads nothing if $scenario', async ({ contents, doubt }) => {
    const client = holding(contents);

    const { reconciliation, isAbsent } = await ask(client, { isMovable, doubt });
    expect(reconciliation.outcome).toBe('diverged');
    expect(isAbsent).toBeUndefined();
    expect(client.calls).toEqual(['head']);
  });

  test('reads nothing for a chunk that may not', async () => {
    const client = holding('headother');
    await ask(client, { isMovable: false, doubt: 'unanswered' });

    expect(client.calls).toEqual(['head']);
  });

  test('rejects with the error of a GET that fails', async () => {
    const thrown = failure.forbidden();
    const client = holding('headother').script('get', failWith(thrown));

    await expect(ask(client, { isMovable, doubt: 'unanswered' })).rejects.toBe(thrown);
  });
});

describe('reconcileChunk() without HEAD', () => {
  test.each([
    { contents: 'headchunk', calls: ['head', 'append 9+0'], outcome: 'committed' },
    { contents: 'headch', calls: ['head', 'append 9+0', 'append 6+0'], outcome: 'partial' },
    { contents: 'head', calls: ['head', 'append 9+0', 'append 4+0'], outcome: 'not-committed' },
    { contents: 'headother', calls: ['head', 'append 9+0'], outcome: 'diverged' },
    { contents: 'hea', calls: ['head', 'append 9+0'], outcome: 'diverged' },
    { contents: 'headchunk+', calls: ['head', 'append 9+0'], outcome: 'diverged' },
    { contents: undefined, calls: ['head', 'append 9+0'], outcome: 'diverged' },
  ])(
    'appends 0 bytes first at the end of the chunk: $contents is $outcome',
    async ({ contents, calls, outcome }) => {
      const client = holding(contents, { refusesReading: true });

      await expect(ask(client)).resolves.toMatchObject({ reconciliation: { outcome } });
      expect(client.calls).toEqual(calls);
      expect(client.contents).toBe(contents);
    },
  );

  test('may create the object, with the creation options, if the chunk was to create it', async () => {
    const client = holding(undefined, { refusesReading: true });

    await expect(ask(client, { before: undefined })).resolves.toEqual({
      reconciliation: { outcome: 'not-committed', crc64: 0n },
      exists: true,
    });
    expect(client.object?.creation).toEqual(creation);
  });

  test('sends no creation options for an object that existed before', async () => {
    const client = holding(undefined, { refusesReading: true });
    await ask(client, { before: '' });

    expect(client.options.map(({ create }) => create)).toEqual([undefined, undefined, undefined]);
  });
});

describe('reconcileChunk() without a checksum', () => {
  test.each([
    { contents: 'headchunk', knowsCrc64: true, outcome: 'committed', known: true },
    { contents: 'headchunk', knowsCrc64: false, outcome: 'committed', known: false },
    { contents: 'headch', knowsCrc64: true, outcome: 'partial', known: true },
    { contents: 'headCHUNK', knowsCrc64: true, outcome: 'diverged' },
    { contents: 'headcx', knowsCrc64: false, outcome: 'diverged' },
  ])(
    'reads back the bytes after the position: $contents is $outcome',
    async ({ contents, knowsCrc64, outcome, known }) => {
      const client = holding(contents, { tellsCrc64: false });
      const { reconciliation, exists } = await ask(client, { knowsCrc64 });

      expect(reconciliation.outcome).toBe(outcome);
      if (known !== undefined) {
        expect(reconciliation).toMatchObject({ crc64: known ? crcOf(contents) : undefined });
      }
      expect(exists).toBe(true);
      expect(client.calls).toEqual(['head', `get 4-${contents.length}`]);
      expect(client.options[1]).toMatchObject({ requestPayer: 'requester' });
    },
  );

  test('reads nothing back when the length of the object has not changed', async () => {
    const client = holding('head', { tellsCrc64: false });

    await expect(ask(client)).resolves.toMatchObject({
      reconciliation: { outcome: 'not-committed' },
    });
    expect(client.calls).toEqual(['head']);
  });

  test.each([
    { contents: 'headother', isAbsent: true },
    { contents: 'headchunk', isAbsent: false },
  ])('tells whether $contents lacks a chunk that may move, without checksums', async (row) => {
    const client = holding(row.contents, { tellsCrc64: false });

    const finding = await ask(client, { isMovable: true });
    expect(finding.isAbsent ?? false).toBe(row.isAbsent);
  });

  test('reads back if only the checksum before the chunk is unknown, and adopts the new one', async () => {
    const client = holding('headchunk');

    await expect(ask(client, { knowsCrc64: false })).resolves.toEqual({
      reconciliation: { outcome: 'committed', crc64: crcOf('headchunk') },
      exists: true,
    });
    expect(client.calls).toEqual(['head', 'get 4-9']);
  });

  test.each([
    { scenario: 'byte by byte', texts: ['c', 'h', 'u', 'n', 'k'], outcome: 'committed' },
    { scenario: 'in two pieces', texts: ['chu', 'nk'], outcome: 'committed' },
    { scenario: 'wrong in the last byte', texts: ['chu', 'nK'], outcome: 'diverged' },
    { scenario: 'wrong in the first byte', texts: ['Chu', 'nk'], outcome: 'diverged' },
    { scenario: 'repeated', texts: ['chu', 'chu'], outcome: 'diverged' },
    { scenario: 'longer than the chunk', texts: ['chunk', '+'], outcome: 'diverged' },
  ])('compares the chunk with bytes that arrive $scenario', async ({ texts, outcome }) => {
    const client = holding('headchunk', { tellsCrc64: false }).script('get', pieces(...texts));

    await expect(ask(client)).resolves.toMatchObject({ reconciliation: { outcome } });
  });

  test.each([
    { scenario: 'too early', texts: ['chu'], read: 3 },
    { scenario: 'without a byte', texts: [], read: 0 },
  ])('rejects, without an outcome, when the bytes end $scenario', async ({ texts, read }) => {
    const client = holding('headchunk', { tellsCrc64: false }).script('get', pieces(...texts));

    await expect(ask(client)).rejects.toThrow(
      `Reading back 5 bytes of "a.log" ended after ${read}`,
    );
  });

  test('rejects when more bytes arrive than requested, since the object has grown after HEAD', async () => {
    const client = holding('headch', { tellsCrc64: false }).script('get', pieces('chun'));

    await expect(ask(client)).rejects.toThrow('Reading back 2 bytes of "a.log" ended after 4');
  });

  test.each<{ scenario: string; behaviour: (error: Error) => Behaviour }>([
    { scenario: 'is refused', behaviour: failWith },
    {
      scenario: 'breaks off',
      behaviour: (error) => () =>
        Readable.from(
          (function* () {
            yield Buffer.from('ch');
            throw error;
          })(),
        ),
    },
  ])('rejects with the error when reading back $scenario', async ({ behaviour }) => {
    const error = failure.forbidden();
    const client = holding('headchunk', { tellsCrc64: false }).script('get', behaviour(error));

    await expect(ask(client)).rejects.toBe(error);
  });

  test('ends the download as soon as a byte differs', async () => {
    const download = new Readable({ read() {} });
    download.push('other');
    const client = holding('headchunk', { tellsCrc64: false }).script('get', () => download);

    await expect(ask(client)).resolves.toMatchObject({ reconciliation: { outcome: 'diverged' } });
    expect(download.destroyed).toBe(true);
  });

  test('rejects when reading back exceeds its time', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const client = holding('headchunk', { tellsCrc64: false }).script('get', hang);
    const asking = expect(ask(client)).rejects.toMatchObject({ name: 'TimeoutError' });
    await vi.advanceTimersByTimeAsync(1001);

    await asking;
  });

  test('rejects with the reason when aborted while reading back', async () => {
    const controller = new AbortController();
    const reason = new Error('destroyed');
    const download = new Readable({ read() {} });
    const client = holding('headchunk', { tellsCrc64: false }).script('get', () => {
      setImmediate(() => controller.abort(reason));
      return download;
    });

    await expect(ask(client, { signal: controller.signal })).rejects.toBe(reason);
  });

  test('ends a download that begins after it was aborted, and hears its failures', async () => {
    const controller = new AbortController();
    const reason = new Error('destroyed');
    let answer: (stream: Readable) => void = () => {};
    const client = holding('headchunk', { tellsCrc64: false }).script('get', () => {
      setImmediate(() => controller.abort(reason));
      return new Promise((resolve) => (answer = resolve));
    });
    await expect(ask(client, { signal: controller.signal })).rejects.toBe(reason);

    const late = new Readable({ read() {} });
    answer(late);
    await new Promise(setImmediate);

    expect(late.destroyed).toBe(true);
    // Without a listener it would be an uncaught exception.
    late.emit('error', new Error('late'));
  });
});

test('reconcileChunk() lets the client suspend the timeout of each request', async () => {
  const client = holding('headchunk', { tellsCrc64: false });
  await ask(client);

  expect(client.options.map(({ timeout }) => typeof timeout?.suspend)).toEqual([
    ...['function', 'function'],
  ]);
  expect(client.calls).toHaveLength(2);
});
