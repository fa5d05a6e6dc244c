import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  ChunkDelivery,
  type Commit,
  type DeliveryOptions,
} from '../../src/append/chunk-delivery.js';
import { FrozenChunk } from '../../src/append/frozen-chunk.js';
import { ObjectInquiry } from '../../src/append/object-probe.js';
import { TimedRequests, type TimedRequestsOptions } from '../../src/append/request-runner.js';
import type { RetryNotice } from '../../src/append/retry-policy.js';
import { loadCrc64 } from '../../src/crc64.js';
import {
  ChecksumError,
  DivergedError,
  NotAppendableError,
  RetriesExhaustedError,
  UnconfirmedError,
} from '../../src/errors.js';
import { useFakeTimers, useRealTimers } from '../helpers/fake-timers.js';
import {
  answer,
  answerWith,
  applyPartThenFail,
  applyThenFail,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  hang,
  ignoreSignal,
  preceded,
  ScriptedClient,
} from './scripted-client.js';

const crc64 = await loadCrc64();
const crcOf = (bytes: string | Uint8Array) => crc64(Buffer.from(bytes));
const creation = { contentType: 'text/plain' };
const immediately = { retries: 2, minTimeout: 0, maxTimeout: 0, factor: 1, randomize: false };

/** Fails the calls of one operation that are still to come, as often as a budget lasts. */
const always = (behaviour: Behaviour) => Array.from({ length: 20 }, () => behaviour);

interface Setup extends Partial<DeliveryOptions> {
  /** What the object holds before the chunk; `undefined` where there is none. */
  readonly before?: string | Uint8Array | undefined;
  readonly chunk?: string | Uint8Array;
  readonly knowsCrc64?: boolean;
  readonly request?: TimedRequestsOptions['request'];
  readonly onCommit?: (commit: Commit) => void;
}

/** A delivery of `chunk` behind `head`, unless told otherwise, and the log of what it told. */
function prepare(client: ScriptedClient, setup: Setup = {}) {
  const { chunk: text = 'chunk', knowsCrc64 = true, onCommit = () => {}, ...options } = setup;
  const before = 'before' in setup ? setup.before : 'head';
  const key = 'a.log';
  const { request = {}, signal = new AbortController().signal } = setup;
  const requests = new TimedRequests({ signal, requestTimeout: 1000, request });
  const log: string[] = [];
  const commits: Commit[] = [];
  const retries: RetryNotice[] = [];
  const chunk = new FrozenChunk(
    {
      position: before?.length ?? 0,
      crc64: knowsCrc64 ? crcOf(before ?? '') : undefined,
      exists: before !== undefined,
    },
    Buffer.from(text),
    crc64,
  );
  const delivery = new ChunkDelivery(
    chunk,
    {
      ...{ client, key, create: creation, requests, crc64 },
      ...{ retry: immediately, verify: 'crc64', signal },
      inquiry: new ObjectInquiry(client, key, requests),
      ...options,
    },
    {
      attempted: () => log.push('attempted'),
      sent: () => log.push('sent'),
      retrying: (notice) => {
        retries.push(notice);
        log.push('retrying');
      },
      reconciled: (outcome, position) => log.push(`${outcome} at ${position}`),
      committed: (commit) => {
        commits.push(commit);
        log.push(`committed ${commit.end - commit.start}`);
        onCommit(commit);
      },
    },
  );
  const settled = async () => {
    const error: unknown = await delivery.run().then(
      () => undefined,
      (thrown: unknown) => thrown ?? new Error(`Rejected with ${thrown}`),
    );
    return { error, client, delivery, log, commits, retries, calls: client.calls };
  };
  return { delivery, log, commits, retries, settled };
}

function deliver(client: ScriptedClient, setup?: Setup) {
  return prepare(client, setup).settled();
}

function head(): ScriptedClient {
  return new ScriptedClient('head');
}

/** A client that the credentials do not let read. */
function writeOnly(contents: string | undefined): ScriptedClient {
  return Object.assign(new ScriptedClient(contents), { refusesReading: true });
}

/** A client of a store that tells no checksum. */
function silent(contents: string): ScriptedClient {
  return Object.assign(new ScriptedClient(contents), { tellsCrc64: false });
}

const strangerAppends = (bytes: string) => (client: ScriptedClient) =>
  client.strangerAppends(bytes);
const seal = (client: ScriptedClient) => {
  if (client.object !== undefined) client.object.sealed = true;
};
const remove = (client: ScriptedClient) => {
  client.object = undefined;
};

describe('ChunkDelivery.run() when the append succeeds', () => {
  test('commits the chunk with one append', async () => {
    const { error, client, calls, log, commits, delivery } = await deliver(head());

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual(['append 4+5']);
    expect(log).toEqual(['attempted', 'sent', 'committed 5']);
    expect(commits).toEqual([
      {
        key: 'a.log',
        start: 4,
        end: 9,
        object: { position: 9, crc64: crcOf('headchunk'), exists: true },
        attempts: 1,
        requestId: 'request-1',
      },
    ]);
    expect([delivery.status, delivery.mayHaveLanded, delivery.isAbandoned]).toEqual([
      'settled',
      false,
      false,
    ]);
  });

  test('creates the object with the first append, dressed', async () => {
    const { error, client } = await deliver(new ScriptedClient(), { before: undefined });

    expect(error).toBeUndefined();
    expect(client.contents).toBe('chunk');
    expect(client.object?.creation).toEqual(creation);
  });

  test('does not dress an object that exists', async () => {
    const { client } = await deliver(new ScriptedClient(''), { before: '' });

    expect(client.options[0]?.create).toBeUndefined();
  });

  test('creates an empty object with a chunk of no bytes', async () => {
    const { error, client, commits } = await deliver(new ScriptedClient(), {
      before: undefined,
      chunk: '',
    });

    expect(error).toBeUndefined();
    expect(client.contents).toBe('');
    expect(commits).toMatchObject([{ start: 0, end: 0, object: { position: 0, crc64: 0n } }]);
  });

  test('sends the options of every request', async () => {
    const request = { requestPayer: 'requester', trafficLimit: 819_200 } as const;
    const { client } = await deliver(head(), { request });

    expect(client.options[0]).toMatchObject(request);
  });

  test('computes the checksum while the request is under way, after it had a turn', async () => {
    const order: string[] = [];
    const client = head().script('append', ({ apply }) => {
      order.push('append');
      return new Promise((resolve) => {
        setImmediate(() => {
          order.push('answer');
          resolve(apply());
        });
      });
    });
    const chunk = new FrozenChunk(
      { position: 4, crc64: crcOf('head'), exists: true },
      Buffer.from('chunk'),
      (bytes) => {
        order.push('checksum');
        return crc64(bytes);
      },
    );
    const nothing = () => {};
    const onBodyTaken = (byteLength: number, resume: () => void) => {
      order.push(`turn for ${byteLength}`);
      resume();
    };
    Object.assign(client, { onBodyTaken });
    const { signal } = new AbortController();
    const requests = new TimedRequests({ signal, requestTimeout: 1000, request: {} });
    const delivery = new ChunkDelivery(
      chunk,
      {
        ...{ client, key: 'a.log', create: {}, requests, crc64 },
        ...{ retry: immediately, verify: 'crc64', signal },
        inquiry: new ObjectInquiry(client, 'a.log', requests),
      },
      {
        attempted: nothing,
        sent: () => order.push('sent'),
        committed: nothing,
        retrying: nothing,
        reconciled: nothing,
      },
    );
    await delivery.run();

    expect(order).toEqual(['append', 'turn for 5', 'sent', 'checksum', 'answer']);
  });

  test('tells sent once, with the first append', async () => {
    const { log } = await deliver(head().script('append', failWith(failure.rejected())));

    expect(log).toEqual(['attempted', 'sent', 'retrying', 'attempted', 'committed 5']);
  });
});

describe('ChunkDelivery.run() and the receipt', () => {
  test('commits, unverified, where the store tells no checksum, and bridges it', async () => {
    const { error, calls, commits } = await deliver(silent('head'));

    expect(error).toBeUndefined();
    expect(calls).toEqual(['append 4+5']);
    expect(commits[0]?.object.crc64).toBe(crcOf('headchunk'));
  });

  test("with verify 'none' bridges it all the same", async () => {
    const { commits } = await deliver(silent('head'), { verify: 'none' });

    expect(commits[0]?.object.crc64).toBe(crcOf('headchunk'));
  });

  test.each(['crc64', 'none'] as const)(
    'learns the checksum from the receipt where it was unknown, with verify %s',
    async (verify) => {
      const { commits } = await deliver(head(), { knowsCrc64: false, verify });

      expect(commits[0]?.object.crc64).toBe(crcOf('headchunk'));
    },
  );

  test('leaves the checksum unknown where nobody ever told it', async () => {
    const { error, commits } = await deliver(silent('head'), { knowsCrc64: false });

    expect(error).toBeUndefined();
    expect(commits[0]?.object.crc64).toBeUndefined();
  });

  test.each([
    { scenario: 'wrong', actual: 42n },
    { scenario: 'zero', actual: 0n },
  ])(
    'throws ChecksumError, and asks nothing, when the checksum is $scenario',
    async ({ actual }) => {
      const client = head().script('append', answerWith({ crc64: actual }));
      const { error, calls, commits, retries, delivery } = await deliver(client);

      expect(error).toBeInstanceOf(ChecksumError);
      expect(error).toMatchObject({
        ...{ key: 'a.log', expected: crcOf('headchunk'), actual },
        message: `Cannot trust the append of 5 bytes to "a.log" at position 4: the CRC-64 of the object is ${actual} instead of ${crcOf('headchunk')}`,
      });
      expect(calls).toEqual(['append 4+5']);
      expect([commits, retries]).toEqual([[], []]);
      expect(delivery.mayHaveLanded).toBe(true);
    },
  );

  test('notices a stranger of the same length who replaced what was before', async () => {
    const { error } = await deliver(new ScriptedClient('HEAD'));

    expect(error).toBeInstanceOf(ChecksumError);
  });

  test("with verify 'none' takes the checksum as it is", async () => {
    const client = head().script('append', answerWith({ crc64: 42n }));
    const { error, commits } = await deliver(client, { verify: 'none' });

    expect(error).toBeUndefined();
    expect(commits[0]?.object.crc64).toBe(42n);
  });

  test("with verify 'none' still reconciles by checksum", async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()))
      .script('head', preceded(strangerAppends('other')));
    const { error } = await deliver(client, { verify: 'none' });

    expect(error).toBeInstanceOf(DivergedError);
  });

  test.each<{ scenario: string; behaviour: Behaviour }>([
    { scenario: 'the old position', behaviour: answerWith({ nextPosition: 4 }) },
    { scenario: 'one byte too few', behaviour: answerWith({ nextPosition: 8 }) },
    { scenario: 'one byte too many', behaviour: answerWith({ nextPosition: 10 }) },
    { scenario: 'no number', behaviour: answerWith({ nextPosition: Number.NaN }) },
    {
      scenario: 'nothing at all',
      behaviour: ({ apply }) => {
        apply();
      },
    },
  ])('asks the object when the receipt names $scenario', async ({ behaviour }) => {
    const { error, client, calls, log } = await deliver(head().script('append', behaviour));

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual(['append 4+5', 'head']);
    expect(log).toEqual(['attempted', 'sent', 'committed at 4', 'committed 5']);
  });

  test.each([
    { nextPosition: 0, shown: '0' },
    { nextPosition: undefined, shown: 'undefined' },
    { nextPosition: Buffer.from('bytes of the stream'), shown: '(object)' },
  ])('shows of a wrong receipt a number, or no more than a type: $shown', async (receipt) => {
    const client = head().script(
      'append',
      () => receipt,
      () => receipt,
    );
    const { retries } = await deliver(client);

    expect(retries[0]?.error.message).toBe(
      `The answer names position ${receipt.shown} as the next`,
    );
  });

  test('appends again when the receipt was wrong and the object says nothing came', async () => {
    const client = head().script('append', () => ({ nextPosition: 0 }));
    const { error, calls } = await deliver(client);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual(['append 4+5', 'head', 'head', 'append 4+5']);
  });
});

interface Row {
  readonly scenario: string;
  readonly behaviour: Behaviour;
  readonly calls: readonly string[];
  readonly retries: number;
}

const append = 'append 4+5';

describe('ChunkDelivery.run() after one failure', () => {
  const unansweredLike = [
    { what: 'an unanswered unknown', thrown: failure.unanswered() },
    { what: 'an error without outcome', thrown: new Error('failed') },
    { what: 'a TypeError', thrown: new TypeError('terminated') },
    { what: 'an outcome that is none', thrown: Object.assign(new Error(), { outcome: 'odd' }) },
    { what: 'a string', thrown: 'garbage' },
    { what: 'undefined', thrown: undefined },
    { what: 'null', thrown: null },
  ];
  const rows: Row[] = [
    {
      scenario: 'rejected: sends the chunk again, and asks nothing',
      behaviour: failWith(failure.rejected()),
      calls: [append, append],
      retries: 1,
    },
    {
      scenario: 'an answered unknown that was not stored: asks after the backoff',
      behaviour: failWith(failure.answered()),
      calls: [append, 'head', append],
      retries: 1,
    },
    {
      scenario: 'an answered unknown that was stored: asks after the backoff',
      behaviour: applyThenFail(failure.answered()),
      calls: [append, 'head'],
      retries: 1,
    },
    ...unansweredLike.flatMap(({ what, thrown }) => [
      {
        scenario: `${what} that was not stored: asks at once, and again after the backoff`,
        behaviour: failWith(thrown),
        calls: [append, 'head', 'head', append],
        retries: 1,
      },
      {
        scenario: `${what} that was stored: asks at once`,
        behaviour: applyThenFail(thrown),
        calls: [append, 'head'],
        retries: 0,
      },
    ]),
    {
      scenario: 'a conflict of our own making, as when a proxy resent: asks at once',
      behaviour: applyThenFail(failure.conflict(9)),
      calls: [append, 'head'],
      retries: 0,
    },
    {
      scenario: 'a conflict that the object knows nothing of: asks at once and after the backoff',
      behaviour: failWith(failure.conflict()),
      calls: [append, 'head', 'head', append],
      retries: 1,
    },
  ];

  test.each(rows)(
    'commits the chunk once after $scenario',
    async ({ behaviour, calls: expected, retries: count }) => {
      const client = head().script('append', behaviour);
      const { error, calls, commits, retries, delivery } = await deliver(client);

      expect(error).toBeUndefined();
      expect(client.contents).toBe('headchunk');
      expect(calls).toEqual(expected);
      expect(retries).toHaveLength(count);
      expect(commits).toMatchObject([
        {
          ...{ key: 'a.log', start: 4, end: 9 },
          object: { position: 9, crc64: crcOf('headchunk'), exists: true },
        },
      ]);
      expect(commits[0]?.attempts).toBe(calls.filter((call) => call === append).length);
      expect(delivery.mayHaveLanded).toBe(false);
    },
  );

  test.each(rows)(
    'commits the chunk that creates its object once after $scenario',
    async ({ behaviour, calls: expected }) => {
      const client = new ScriptedClient().script('append', behaviour);
      const { error, calls } = await deliver(client, { before: undefined });

      expect(error).toBeUndefined();
      expect(client.contents).toBe('chunk');
      expect(client.object?.creation).toEqual(creation);
      expect(calls).toEqual(expected.map((call) => call.replace('4+5', '0+5')));
    },
  );

  test.each([
    { outcome: 'fatal', thrown: failure.fatal() },
    { outcome: 'forbidden', thrown: failure.forbidden() },
  ])('throws what the client said was $outcome, at once', async ({ thrown }) => {
    const client = head().script('append', failWith(thrown));
    const { error, calls, retries, commits, delivery } = await deliver(client);

    expect(error).toBe(thrown);
    expect(calls).toEqual([append]);
    expect([retries, commits]).toEqual([[], []]);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('tells of the retry with the error of the client', async () => {
    const thrown = new TypeError('terminated');
    const { retries } = await deliver(head().script('append', failWith(thrown)));

    expect(retries).toEqual([{ error: thrown, attemptNumber: 1, retriesLeft: 2 }]);
    expect(retries[0]?.error).toBe(thrown);
  });

  test('makes no error of a request id that nobody told', async () => {
    const { commits } = await deliver(head().script('append', applyThenFail(failure.unanswered())));

    expect(commits[0]).toMatchObject({ attempts: 1, requestId: undefined });
  });

  test('creates an empty object once although the answer was lost', async () => {
    const client = new ScriptedClient().script('append', applyThenFail(failure.unanswered()));
    const { error, calls, commits } = await deliver(client, { before: undefined, chunk: '' });

    expect(error).toBeUndefined();
    expect(client.contents).toBe('');
    expect(calls).toEqual(['append 0+0', 'head']);
    expect(commits).toHaveLength(1);
  });

  test('stops dressing the object once it has been found to exist', async () => {
    const client = new ScriptedClient().script('append', failWith(failure.unanswered())).script(
      'head',
      preceded((c) => c.create(Buffer.alloc(0))),
    );
    const { error } = await deliver(client, { before: undefined });

    expect(error).toBeUndefined();
    expect(client.options.map(({ create }) => create)).toEqual([
      creation,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('asks no signal of a client: a hanging append is given up and reconciled', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const client = head().script('append', hang);
    const delivering = deliver(client);
    await vi.advanceTimersByTimeAsync(1001);
    const { error, calls, retries, delivery } = await delivering;

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual([append, 'head', 'head', append]);
    expect(retries[0]?.error.name).toBe('TimeoutError');
    expect(delivery.isAbandoned).toBe(false);
    vi.runOnlyPendingTimers();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    { scenario: 'on a slow link', trafficLimit: undefined, time: 3000 },
    { scenario: 'under a traffic limit', trafficLimit: 8 * 16 * 1024, time: 5000 },
  ])('gives the bytes the time that they take $scenario', async ({ trafficLimit, time }) => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const client = head().script('append', hang);
    const delivering = deliver(client, { chunk: 'x'.repeat(64 * 1024), request: { trafficLimit } });
    await vi.advanceTimersByTimeAsync(time - 1);
    expect(client.calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await delivering;

    expect(client.object?.bytes.byteLength).toBe(4 + 64 * 1024);
  });

  test('says that the bytes are abandoned when a client ignores its signal', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const client = head().script('append', ignoreSignal);
    const { delivery, settled } = prepare(client);
    const delivering = settled();
    await vi.advanceTimersByTimeAsync(1001);
    expect(delivery.isAbandoned).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    const { error, calls, retries } = await delivering;

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual([append, 'head', 'head', append]);
    expect(retries[0]?.error.name).toBe('AbandonedRequestError');
    expect(delivery.isAbandoned).toBe(true);
  });

  test('does not call the bytes abandoned when a client ignores the signal of a question', async () => {
    useFakeTimers();
    onTestFinished(() => void useRealTimers());
    const client = head()
      .script('append', applyThenFail(failure.unanswered()))
      .script('head', ignoreSignal);
    const delivering = deliver(client);
    await vi.advanceTimersByTimeAsync(2000);
    const { error, delivery } = await delivering;

    expect(error).toBeUndefined();
    expect(delivery.isAbandoned).toBe(false);
  });
});

describe('ChunkDelivery.run() when an attempt lands late', () => {
  test.each<{ scenario: string; script: (client: ScriptedClient) => ScriptedClient }>([
    {
      scenario: 'before the first question',
      script: (client) =>
        client.script(
          'head',
          preceded((c) => c.land()),
        ),
    },
    {
      scenario: 'before the second question',
      script: (client) =>
        client.script(
          'head',
          answer,
          preceded((c) => c.land()),
        ),
    },
    {
      scenario: 'between the last question and the next attempt',
      script: (client) =>
        client.script(
          'append',
          preceded((c) => c.land()),
        ),
    },
    {
      scenario: 'after the next attempt',
      script: (client) =>
        client.script('append', ({ apply }) => {
          const receipt = apply();
          client.land();
          return receipt;
        }),
    },
  ])('holds the chunk once when it lands $scenario', async ({ script }) => {
    const client = script(head().script('append', failThenLand(failure.unanswered())));
    const { error, commits } = await deliver(client);
    client.land();

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(commits).toMatchObject([{ start: 4, end: 9, object: { position: 9 } }]);
  });

  test('holds the chunk once when three attempts land together', async () => {
    const late = failThenLand(failure.unanswered());
    const client = head()
      .script('append', late, late, late)
      .script(
        'head',
        ...Array.from({ length: 4 }, () => answer),
        preceded((c) => c.land()),
      );
    const { error } = await deliver(client);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
  });
});

describe('ChunkDelivery.run() when somebody else wrote', () => {
  const cases = [
    { scenario: 'as many bytes as the chunk has', bytes: 'other', actualLength: 9, why: 'crc' },
    { scenario: 'fewer bytes', bytes: 'oth', actualLength: 7, why: 'crc' },
    { scenario: 'more bytes', bytes: 'others', actualLength: 10, why: 'length' },
    { scenario: 'our bytes with one changed', bytes: 'chunK', actualLength: 9, why: 'crc' },
  ];

  test.each(cases)(
    'throws DivergedError after a conflict: $scenario',
    async ({ bytes, actualLength, why }) => {
      const client = head().script('append', preceded(strangerAppends(bytes)));
      const { error, calls, log, commits, retries, delivery } = await deliver(client);

      expect(error).toBeInstanceOf(DivergedError);
      expect(error).toMatchObject({
        ...{ key: 'a.log', position: 4, actualLength },
        message: `Cannot append 5 bytes to "a.log" at position 4: the object is ${actualLength} bytes long${
          why === 'crc' ? ' and its CRC-64 is not ours' : ''
        }`,
      });
      expect(calls).toEqual([append, 'head']);
      expect(log.at(-1)).toBe('diverged at 4');
      expect([commits, retries]).toEqual([[], []]);
      expect(client.contents).toBe(`head${bytes}`);
      expect(delivery.mayHaveLanded).toBe(false);
    },
  );

  test.each(cases)(
    'throws DivergedError after a lost answer: $scenario',
    async ({ bytes, actualLength }) => {
      const client = head()
        .script('append', failWith(failure.unanswered()))
        .script('head', preceded(strangerAppends(bytes)));
      const { error, calls, commits, delivery } = await deliver(client);

      expect(error).toMatchObject({ name: 'DivergedError', position: 4, actualLength });
      expect(calls).toEqual([append, 'head']);
      expect(commits).toEqual([]);
      // Ours may lie under the bytes of the stranger.
      expect(delivery.mayHaveLanded).toBe(true);
    },
  );

  test('throws DivergedError when somebody wrote behind the chunk before we asked', async () => {
    const client = head()
      .script('append', applyThenFail(failure.unanswered()))
      .script('head', preceded(strangerAppends('!')));
    const { error, commits } = await deliver(client);

    expect(error).toMatchObject({ name: 'DivergedError', actualLength: 10 });
    expect(commits).toEqual([]);
    expect(client.contents).toBe('headchunk!');
  });

  test('throws DivergedError when other bytes of the same length were there in its place', async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()))
      .script(
        'head',
        preceded((c) => c.create(Buffer.from('HEAD'))),
      );
    const { error } = await deliver(client);

    expect(error).toMatchObject({
      ...{ name: 'DivergedError', position: 4, actualLength: 4 },
      message:
        'Cannot append 5 bytes to "a.log" at position 4: the object is 4 bytes long and its CRC-64 is not ours',
    });
  });

  test('throws DivergedError when the object is gone, and does not create another', async () => {
    const client = head().script('append', preceded(remove));
    const { error } = await deliver(client);

    expect(error).toMatchObject({ name: 'DivergedError', position: 4, actualLength: 0 });
    expect(client.object).toBeUndefined();
  });

  test.each([
    { contents: 'headchunk', outcome: undefined },
    { contents: 'headother', outcome: 'DivergedError' },
    { contents: 'headchu', outcome: undefined },
  ])(
    'tells by the bytes where the store tells no checksum: $contents',
    async ({ contents, outcome }) => {
      const client = silent('head').script(
        'append',
        preceded(strangerAppends(contents.slice(4)), failWith(failure.unanswered())),
      );
      const { error } = await deliver(client);

      if (outcome === undefined) expect(error).toBeUndefined();
      else expect(error).toMatchObject({ name: outcome });
      expect(client.calls.slice(0, 3)).toEqual([append, 'head', `get 4-${contents.length}`]);
      expect(client.contents).toBe(outcome === undefined ? 'headchunk' : contents);
    },
  );
});

describe('ChunkDelivery.run() when a part of the chunk landed', () => {
  test.each([
    { scenario: 'unanswered', thrown: failure.unanswered() },
    { scenario: 'answered', thrown: failure.answered() },
    { scenario: 'a conflict', thrown: failure.conflict(6) },
  ])('commits the part and goes on with the rest: $scenario', async ({ thrown }) => {
    const client = head().script('append', applyPartThenFail(2, thrown));
    const { error, calls, log, commits } = await deliver(client);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(calls).toEqual([append, 'head', 'append 6+3']);
    expect(log.filter((entry) => entry !== 'retrying')).toEqual([
      'attempted',
      'sent',
      'partial at 4',
      'committed 2',
      'attempted',
      'committed 3',
    ]);
    expect(commits).toMatchObject([
      {
        ...{ key: 'a.log', start: 4, end: 6 },
        object: { position: 6, crc64: crcOf('headch') },
        attempts: 1,
      },
      {
        ...{ key: 'a.log', start: 6, end: 9 },
        object: { position: 9, crc64: crcOf('headchunk') },
        attempts: 2,
      },
    ]);
  });

  test('has the whole budget again after every part', async () => {
    const lost = failWith(failure.rejected());
    const client = head().script(
      'append',
      ...[lost, lost, applyPartThenFail(1, failure.unanswered())],
      ...[lost, lost, applyPartThenFail(1, failure.unanswered())],
      ...[lost, lost],
    );
    const { error, commits, retries } = await deliver(client);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(commits.map(({ start, end }) => end - start)).toEqual([1, 1, 3]);
    expect(retries.map(({ attemptNumber }) => attemptNumber)).toEqual([1, 2, 1, 2, 1, 2]);
  });

  test('has the budget again when the last question finds a part', async () => {
    const client = head().script(
      'append',
      failWith(failure.rejected()),
      failWith(failure.rejected()),
      applyPartThenFail(2, failure.answered()),
      failWith(failure.rejected()),
    );
    const { error, commits } = await deliver(client);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(commits.map(({ start, end }) => end - start)).toEqual([2, 3]);
  });

  test('leaves no doubt of what came before the part', async () => {
    const client = head().script(
      'append',
      applyPartThenFail(2, failure.unanswered()),
      ...always(failWith(failure.rejected())),
    );
    const { error, commits, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'RetriesExhaustedError', position: 6, attempts: 4 });
    expect(commits).toHaveLength(1);
    expect(delivery.mayHaveLanded).toBe(false);
    expect(delivery.chunk.bytes.toString()).toBe('unk');
    expect(client.contents).toBe('headch');
  });
});

describe('ChunkDelivery.run() when it gives up', () => {
  test('throws RetriesExhaustedError when every attempt was rejected', async () => {
    const last = failure.rejected();
    const client = head().script(
      'append',
      failWith(failure.rejected()),
      failWith(failure.rejected()),
      failWith(last),
    );
    const { error, calls, retries, commits, delivery } = await deliver(client);

    expect(error).toBeInstanceOf(RetriesExhaustedError);
    expect(error).toMatchObject({
      ...{ key: 'a.log', position: 4, attempts: 3, cause: last },
      message:
        'Cannot append 5 bytes to "a.log" at position 4 after 3 attempts: A scripted failure: rejected',
    });
    expect(calls).toEqual([append, append, append]);
    expect(retries.map(({ retriesLeft }) => retriesLeft)).toEqual([2, 1]);
    expect(commits).toEqual([]);
    expect(delivery.mayHaveLanded).toBe(false);
    expect(delivery.chunk.bytes.toString()).toBe('chunk');
  });

  test('throws RetriesExhaustedError after one attempt without retries', async () => {
    const client = head().script('append', failWith(failure.rejected()));
    const { error, retries } = await deliver(client, { retry: { ...immediately, retries: 0 } });

    expect(error).toMatchObject({ name: 'RetriesExhaustedError', attempts: 1 });
    expect(retries).toEqual([]);
  });

  test('throws RetriesExhaustedError when the store answered each time and does not have it', async () => {
    const client = head().script('append', ...always(failWith(failure.answered())));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'RetriesExhaustedError', attempts: 3 });
    expect(calls).toEqual([append, 'head', append, 'head', append, 'head']);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('throws UnconfirmedError when a conflict was contradicted by the object', async () => {
    const client = head()
      .script('append', applyThenFail(failure.answered()))
      .script('head', ...always(answerWith({ length: 4, crc64: crcOf('head') })));
    const { error, delivery } = await deliver(client);

    expect(client.contents).toBe('headchunk');
    expect(error).toBeInstanceOf(UnconfirmedError);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError when the object contradicts a conflict at the second question', async () => {
    const contradiction = answerWith({ length: 4, crc64: crcOf('head') });
    const client = head()
      .script('append', applyThenFail(failure.conflict(9)), failWith(failure.fatal()))
      .script('head', failWith(failure.rejected()), ...always(contradiction));
    const { error, delivery } = await deliver(client);

    expect(client.contents).toBe('headchunk');
    expect(error).toBeInstanceOf(UnconfirmedError);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws RetriesExhaustedError when each conflict named the very position', async () => {
    const client = head().script('append', ...always(failWith(failure.conflict(4))));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'RetriesExhaustedError', attempts: 3 });
    expect(calls).toEqual([append, 'head', append, 'head', append, 'head']);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('commits when the last question finds the chunk', async () => {
    const client = head().script(
      'append',
      failWith(failure.rejected()),
      failWith(failure.rejected()),
      applyThenFail(failure.answered()),
    );
    const { error, calls, commits } = await deliver(client);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, append, append, 'head']);
    expect(commits).toMatchObject([{ start: 4, end: 9, attempts: 3 }]);
  });

  test('throws UnconfirmedError when the last question fails after an ambiguous answer', async () => {
    const cause = failure.answered();
    const client = head()
      .script(
        'append',
        failWith(failure.rejected()),
        failWith(failure.rejected()),
        applyThenFail(cause),
      )
      .script('head', failWith(failure.answered()));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toBeInstanceOf(UnconfirmedError);
    expect(error).toMatchObject({
      ...{ key: 'a.log', position: 4, byteLength: 5, cause },
      message:
        'Cannot tell whether the append of 5 bytes to "a.log" at position 4 landed: A scripted failure: unknown',
    });
    expect(calls).toEqual([append, append, append, 'head']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError when no attempt was answered, although the object lacks it', async () => {
    const client = head().script('append', ...always(failWith(failure.unanswered())));
    const { error, calls, retries, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', position: 4, byteLength: 5 });
    expect(calls).toEqual([append, 'head', 'head', append, 'head', 'head', append, 'head']);
    expect(retries).toHaveLength(2);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test.each([
    { scenario: 'rejected', thrown: failure.rejected() },
    { scenario: 'answered', thrown: failure.answered() },
  ])(
    'throws UnconfirmedError when only the first attempt was unanswered and the rest $scenario',
    async ({ thrown }) => {
      const client = head().script(
        'append',
        failThenLand(failure.unanswered()),
        ...always(failWith(thrown)),
      );
      const { error, commits, delivery } = await deliver(client);

      expect(error).toMatchObject({ name: 'UnconfirmedError', cause: thrown });
      expect(commits).toEqual([]);
      expect(delivery.mayHaveLanded).toBe(true);
      client.land();
      expect(client.contents).toBe('headchunk');
    },
  );

  test('ends with an error of ours after a TypeError of the client, not with the TypeError', async () => {
    const cause = new TypeError('terminated');
    const client = head().script('append', ...always(failWith(cause)));
    const { error } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause });
  });

  test('goes on for ever with infinite retries', async () => {
    const client = head().script(
      'append',
      ...Array.from({ length: 50 }, () => failWith(failure.unanswered())),
    );
    const retry = { ...immediately, retries: Number.POSITIVE_INFINITY };
    const { error, retries } = await deliver(client, { retry });

    expect(error).toBeUndefined();
    expect(retries).toHaveLength(50);
    expect(client.contents).toBe('headchunk');
  });
});

describe('ChunkDelivery.run() when a fatal answer follows an ambiguous one', () => {
  const cause = failure.fatal();

  test.each([
    { outcome: 'fatal', thrown: failure.fatal() },
    { outcome: 'forbidden', thrown: failure.forbidden() },
  ])('throws UnconfirmedError with it as its cause: $outcome', async ({ thrown }) => {
    const client = head().script('append', failThenLand(failure.unanswered()), failWith(thrown));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause: thrown });
    expect(calls).toEqual([append, 'head', 'head', append, 'head']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('commits when the object turns out to hold the chunk', async () => {
    const client = head().script(
      'append',
      failThenLand(failure.unanswered()),
      preceded((c) => c.land(), failWith(cause)),
    );
    const { error, calls, commits } = await deliver(client);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'head', 'head', append, 'head']);
    expect(commits).toHaveLength(1);
  });

  test('throws UnconfirmedError with it as its cause when the question fails', async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()), failWith(cause))
      .script('head', answer, answer, failWith(failure.answered()));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause });
    expect(calls).toEqual([append, 'head', 'head', append, 'head']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws it as it is when the ambiguous answer has been settled before', async () => {
    const client = head().script('append', failWith(failure.answered()), failWith(cause));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toBe(cause);
    expect(calls).toEqual([append, 'head', append]);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('commits the part that landed and throws it for the rest', async () => {
    const client = head().script(
      'append',
      failWith(failure.unanswered()),
      applyPartThenFail(2, cause),
      failWith(cause),
    );
    const { error, commits, delivery } = await deliver(client);

    expect(error).toBe(cause);
    expect(commits.map(({ start, end }) => end - start)).toEqual([2]);
    expect([delivery.mayHaveLanded, delivery.chunk.bytes.toString()]).toEqual([false, 'unk']);
  });
});

describe('ChunkDelivery.run() when the object takes no more appends', () => {
  test('throws what the client says of a sealed object', async () => {
    const { error, calls } = await deliver(head().script('append', preceded(seal)));

    expect(error).toMatchObject({ outcome: 'fatal' });
    expect(calls).toEqual([append]);
  });

  test.each([
    { scenario: 'sealed', change: { sealed: true }, kind: 'sealed' },
    {
      scenario: 'of another kind',
      change: { appendable: false, objectType: 'Normal' },
      kind: 'of type Normal',
    },
  ])(
    'throws NotAppendableError when a question finds it $scenario without the chunk',
    async ({ change, kind }) => {
      const client = head()
        .script('append', failWith(failure.unanswered()))
        .script(
          'head',
          preceded((c) => Object.assign(c.object as object, change)),
        );
      const { error, calls, log } = await deliver(client);

      expect(error).toBeInstanceOf(NotAppendableError);
      expect(error).toMatchObject({
        key: 'a.log',
        objectType: client.object?.objectType,
        message: `Cannot append 5 bytes to "a.log" at position 4: the object is ${kind}`,
      });
      expect(calls).toEqual([append, 'head']);
      expect(log.at(-1)).toBe('not-appendable at 4');
    },
  );

  test('commits the chunk that landed before it was sealed', async () => {
    const client = head()
      .script('append', applyThenFail(failure.unanswered()))
      .script('head', preceded(seal));
    const {
      error,
      client: { contents },
    } = await deliver(client);

    expect(error).toBeUndefined();
    expect(contents).toBe('headchunk');
  });
});

describe('ChunkDelivery.run() when the question fails', () => {
  test.each([
    { scenario: 'rejected', thrown: failure.rejected() },
    { scenario: 'answered', thrown: failure.answered() },
    { scenario: 'unanswered', thrown: failure.unanswered() },
    { scenario: 'a conflict', thrown: failure.conflict() },
    { scenario: 'a TypeError', thrown: new TypeError('terminated') },
    { scenario: 'garbage', thrown: 'garbage' },
  ])('asks again within the budget, and never appends instead: $scenario', async ({ thrown }) => {
    const client = head()
      .script('append', applyThenFail(failure.unanswered()))
      .script('head', failWith(thrown), failWith(thrown));
    const { error, calls, retries, commits } = await deliver(client);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'head', 'head', 'head']);
    expect(retries).toHaveLength(2);
    if (thrown instanceof Error) expect(retries.map(({ error: e }) => e)).toEqual([thrown, thrown]);
    expect(commits).toMatchObject([{ start: 4, end: 9, attempts: 1 }]);
  });

  test('throws UnconfirmedError when it never works', async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()))
      .script('head', ...always(failWith(failure.answered())));
    const { error, calls, retries, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError' });
    expect(calls).toEqual([append, 'head', 'head', 'head']);
    expect(retries).toHaveLength(2);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError, and not RetriesExhaustedError, after an answered unknown too', async () => {
    const client = head()
      .script('append', failWith(failure.answered()))
      .script('head', ...always(failWith(failure.answered())));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError' });
    expect(calls).toEqual([append, 'head', 'head']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('may have landed when nobody could tell who landed before a conflict', async () => {
    const client = head()
      .script('append', applyThenFail(failure.conflict(9)))
      .script('head', ...always(failWith(failure.answered())));
    const { error, delivery } = await deliver(client);

    expect(error).toBeInstanceOf(UnconfirmedError);
    expect(client.contents).toBe('headchunk');
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('names the refusal as the cause when asking is refused as well', async () => {
    const cause = failure.fatal();
    const client = head()
      .script('append', failWith(failure.unanswered()), failWith(cause))
      .script('head', answer, answer, failWith(failure.fatal()));
    const { error } = await deliver(client);

    expect(error).toBeInstanceOf(UnconfirmedError);
    expect((error as Error).cause).toBe(cause);
  });

  test('asks once more when the last attempt was answered, but one before it was not', async () => {
    const client = head()
      .script('append', failThenLand(failure.unanswered()), failWith(failure.answered()))
      .script('head', answer, answer, (call) => {
        client.land();
        return call.apply();
      });
    const { error, calls } = await deliver(client, { retry: { ...immediately, retries: 1 } });

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'head', 'head', append, 'head']);
    expect(client.contents).toBe('headchunk');
  });

  test('throws UnconfirmedError after a conflict too', async () => {
    const client = head()
      .script('append', applyThenFail(failure.conflict(9)))
      .script('head', ...always(failWith(failure.answered())));
    const { error, calls } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError' });
    expect(calls.filter((call) => call === append)).toHaveLength(1);
  });

  test('throws UnconfirmedError at once when asking is pointless', async () => {
    const cause = failure.fatal();
    const client = head()
      .script('append', failWith(failure.unanswered()))
      .script('head', failWith(cause));
    const { error, calls, retries, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause });
    expect(calls).toEqual([append, 'head']);
    expect(retries).toEqual([]);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError when there is no checksum and reading back is refused', async () => {
    const client = silent('head')
      .script('append', applyThenFail(failure.unanswered()))
      .script('get', failWith(failure.forbidden()));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause: { outcome: 'forbidden' } });
    expect(calls).toEqual([append, 'head', 'get 4-9']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('reads back again within the budget when reading back fails', async () => {
    const client = silent('head')
      .script('append', applyThenFail(failure.unanswered()))
      .script('get', failWith(failure.answered()));
    const { error, calls } = await deliver(client);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'head', 'get 4-9', 'head', 'get 4-9']);
  });
});

describe('ChunkDelivery.run() with write-only credentials', () => {
  const lost = failure.unanswered();

  test.each<{ scenario: string; behaviour: Behaviour; calls: string[] }>([
    {
      scenario: 'stored',
      behaviour: applyThenFail(lost),
      calls: [append, 'head', 'append 9+0'],
    },
    {
      scenario: 'not stored',
      behaviour: failWith(lost),
      calls: [
        ...[append, 'head', 'append 9+0', 'append 4+0'],
        ...['append 9+0', 'append 4+0', append],
      ],
    },
    {
      scenario: 'stored in part',
      behaviour: applyPartThenFail(2, lost),
      calls: [append, 'head', 'append 9+0', 'append 6+0', 'append 6+3'],
    },
    {
      scenario: 'landing between the two probes',
      behaviour: failThenLand(lost),
      calls: [append, 'head', 'append 9+0', 'append 4+0', 'append 9+0'],
    },
  ])('commits the chunk once when it was $scenario', async ({ scenario, behaviour, calls }) => {
    const client = writeOnly('head').script('append', behaviour);
    if (scenario.startsWith('landing'))
      client.script(
        'append',
        answer,
        preceded((c) => c.land()),
      );
    const { error, commits } = await deliver(client);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(client.calls).toEqual(calls);
    expect(commits.at(-1)?.object).toEqual({
      position: 9,
      crc64: crcOf('headchunk'),
      exists: true,
    });
  });

  test('commits the chunk that creates its object once, dressed by the probe', async () => {
    const client = writeOnly(undefined).script('append', failWith(lost));
    const { error } = await deliver(client, { before: undefined });

    expect(error).toBeUndefined();
    expect(client.contents).toBe('chunk');
    expect(client.object?.creation).toEqual(creation);
    expect(client.options.at(-1)?.create).toBeUndefined();
  });

  test.each([
    { scenario: 'as many bytes', bytes: 'other', actualLength: 9 },
    { scenario: 'fewer bytes', bytes: 'oth', actualLength: 7 },
    { scenario: 'more bytes', bytes: 'others', actualLength: 10 },
  ])('throws DivergedError when a stranger wrote $scenario', async ({ bytes, actualLength }) => {
    const client = writeOnly('head').script('append', preceded(strangerAppends(bytes)));
    const { error } = await deliver(client);

    expect(error).toMatchObject({ name: 'DivergedError', position: 4, actualLength });
  });

  test('recreates nothing when the object is gone', async () => {
    const client = writeOnly('head').script('append', preceded(remove, failWith(lost)));
    const { error, calls } = await deliver(client);

    expect(error).toMatchObject({ name: 'DivergedError', actualLength: 0 });
    expect(calls).toEqual([append, 'head', 'append 9+0']);
    expect(client.object).toBeUndefined();
  });

  test('throws UnconfirmedError when probing is forbidden too', async () => {
    const client = writeOnly('head').script(
      'append',
      applyThenFail(lost),
      failWith(failure.forbidden()),
    );
    const { error, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError' });
    expect(delivery.mayHaveLanded).toBe(true);
  });
});

describe('ChunkDelivery.run() when aborted', () => {
  const reason = new Error('destroyed');

  test.each([
    { client: 'heeds', behaviour: hang },
    { client: 'ignores', behaviour: ignoreSignal },
  ])(
    'rejects with the reason, and asks nothing more, while the client $client its signal',
    async ({ behaviour }) => {
      const controller = new AbortController();
      const client = head().script('append', behaviour);
      const { delivery, settled } = prepare(client, { signal: controller.signal });
      const delivering = settled();
      await vi.waitFor(() => expect(client.calls).toHaveLength(1));
      expect(delivery.mayHaveLanded).toBe(true);
      controller.abort(reason);
      const { error, calls, retries } = await delivering;

      expect(error).toBe(reason);
      expect(calls).toEqual([append]);
      expect(retries).toEqual([]);
    },
  );

  test.each([
    { scenario: 'fatal', thrown: failure.fatal() },
    { scenario: 'rejected', thrown: failure.rejected() },
  ])(
    'rejects with the reason whatever the client says meanwhile: $scenario',
    async ({ thrown }) => {
      const controller = new AbortController();
      const client = head().script(
        'append',
        preceded(() => controller.abort(reason), failWith(thrown)),
      );
      const { error, retries, calls } = await deliver(client, { signal: controller.signal });

      expect(error).toBe(reason);
      expect([calls, retries]).toEqual([[append], []]);
    },
  );

  test('rejects with the reason while asking, and still may have landed', async () => {
    const controller = new AbortController();
    const client = head()
      .script('append', applyThenFail(failure.unanswered()))
      .script('head', hang);
    const { delivery, settled } = prepare(client, { signal: controller.signal });
    const delivering = settled();
    await vi.waitFor(() => expect(client.calls).toHaveLength(2));
    expect(delivery.status).toBe('reconciling');
    controller.abort(reason);
    const { error, commits } = await delivering;

    expect(error).toBe(reason);
    expect(commits).toEqual([]);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test.each([
    { failed: 'rejected', thrown: failure.rejected(), mayHaveLanded: false },
    { failed: 'answered', thrown: failure.answered(), mayHaveLanded: true },
    { failed: 'unanswered', thrown: failure.unanswered(), mayHaveLanded: true },
  ])(
    'rejects with the reason during the backoff after $failed',
    async ({ thrown, mayHaveLanded }) => {
      useFakeTimers();
      onTestFinished(() => void useRealTimers());
      const controller = new AbortController();
      const client = head().script('append', failWith(thrown));
      const { delivery, settled, retries } = prepare(client, {
        signal: controller.signal,
        retry: { ...immediately, minTimeout: 500, maxTimeout: 500 },
      });
      const delivering = settled();
      await vi.advanceTimersByTimeAsync(499);
      expect(retries).toHaveLength(1);
      const { length } = client.calls;
      controller.abort(reason);
      const { error, calls } = await delivering;

      expect(error).toBe(reason);
      expect(calls).toHaveLength(length);
      expect(delivery.mayHaveLanded).toBe(mayHaveLanded);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('resolves when the whole chunk was committed first: what is committed is committed', async () => {
    const controller = new AbortController();
    const { error, commits, delivery } = await deliver(head(), {
      signal: controller.signal,
      onCommit: () => controller.abort(reason),
    });

    expect(error).toBeUndefined();
    expect(commits).toHaveLength(1);
    expect([delivery.status, delivery.mayHaveLanded]).toEqual(['settled', false]);
  });

  test('has no doubt left when it tells of the commit', async () => {
    const seen: boolean[] = [];
    const client = head().script('append', applyPartThenFail(2, failure.unanswered()));
    const { delivery, settled } = prepare(client, {
      onCommit: () => seen.push(delivery.mayHaveLanded),
    });
    await settled();

    expect(seen).toEqual([false, false]);
  });

  test('keeps only the rest when a part was committed first', async () => {
    const controller = new AbortController();
    const client = head().script('append', applyPartThenFail(2, failure.unanswered()));
    const { error, delivery } = await deliver(client, {
      signal: controller.signal,
      onCommit: () => controller.abort(reason),
    });

    expect(error).toBe(reason);
    expect(delivery.chunk.bytes.toString()).toBe('unk');
    expect(delivery.mayHaveLanded).toBe(false);
  });
});

describe('ChunkDelivery.status', () => {
  test('tells what is under way', async () => {
    const seen: string[] = [];
    const note =
      (behaviour: Behaviour): Behaviour =>
      (call) => {
        seen.push(delivery.status);
        return behaviour(call);
      };
    const client = head()
      .script('append', note(failWith(failure.unanswered())), note(answer))
      .script('head', note(answer), note(answer));
    const { delivery, settled } = prepare(client);
    await settled();

    expect(seen).toEqual(['appending', 'reconciling', 'reconciling', 'appending']);
    expect(delivery.status).toBe('settled');
  });
});

describe('ChunkDelivery under any script of faults', () => {
  interface Fault {
    readonly name: string;
    readonly behaviour: Behaviour;
    readonly isInterference?: boolean;
  }

  // Ours lie in 0x40-0x7f and a stranger's in 0x80-0xff, so that nobody's can be taken for another's.
  const isOurs = (byte: number) => byte >= 0x40 && byte < 0x80;
  const stranger = Buffer.from([0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86]);
  const bytesFrom = (min: number, max: number, minLength: number) =>
    fc
      .array(fc.integer({ min, max }), { minLength, maxLength: 6 })
      .map((bytes) => Uint8Array.from(bytes));

  const ambiguous = [failure.answered, failure.unanswered, () => new TypeError('terminated')];
  const thrown = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...ambiguous) },
    { weight: 4, arbitrary: fc.constantFrom(failure.rejected, failure.answered) },
    { weight: 2, arbitrary: fc.constantFrom(failure.conflict, failure.fatal, failure.forbidden) },
  );
  const fault = (name: string, behaviour: Behaviour): Fault => ({ name, behaviour });
  const hideCrc64: Behaviour = ({ apply }) => {
    const told = apply();
    return told === undefined ? undefined : { ...(told as object), crc64: undefined };
  };
  const fails = thrown.map((make) => fault(`fail: ${make()}`, failWith(make())));

  /** Of an append with bytes: these may be stored although it failed. */
  const appendFault = fc.oneof(
    fc.constant(fault('answer', answer)),
    { weight: 3, arbitrary: fails },
    fc
      .constantFrom(...ambiguous, failure.conflict)
      .map((make) => fault(`apply, then fail: ${make()}`, applyThenFail(make()))),
    fc
      .constantFrom(failure.unanswered, () => 'garbage')
      .map((make) => fault(`fail: ${make()}, then land`, failThenLand(make()))),
    fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(...ambiguous))
      .map(([length, make]) => fault(`apply ${length}`, applyPartThenFail(length, make()))),
    fc.constant(fault('wrong position', answerWith({ nextPosition: 0 }))),
    fc.constant(fault('no checksum', hideCrc64)),
  );
  const questionFault = fc.oneof(
    fc.constant(fault('answer', answer)),
    fc.constant(fault('no checksum', hideCrc64)),
    fails,
  );
  const land = (inner: Fault): Fault =>
    fault(
      `land, ${inner.name}`,
      preceded((c) => c.land(), inner.behaviour),
    );
  const interfere = (inner: Fault, length: number): Fault => ({
    name: `${length === 0 ? 'delete' : `stranger ${length}`}, ${inner.name}`,
    behaviour: preceded(
      length === 0 ? remove : (c) => c.strangerAppends(stranger.subarray(0, length)),
      inner.behaviour,
    ),
    isInterference: true,
  });
  const decorated = (inner: fc.Arbitrary<Fault>, interference: boolean) =>
    fc.oneof(
      { weight: 6, arbitrary: inner },
      { weight: 2, arbitrary: inner.map(land) },
      ...(interference
        ? [
            {
              weight: 1,
              arbitrary: fc.tuple(inner, fc.nat(6)).map(([f, length]) => interfere(f, length)),
            },
          ]
        : []),
    );

  const scenario = (interference: boolean) =>
    fc.record({
      before: fc.option(bytesFrom(0, 0x3f, 0), { nil: undefined }),
      chunk: bytesFrom(0x40, 0x7f, 0),
      appends: fc.array(decorated(appendFault, interference), { maxLength: 8 }),
      heads: fc.array(decorated(questionFault, interference), { maxLength: 8 }),
      gets: fc.array(questionFault, { maxLength: 3 }),
      refusesReading: fc.boolean(),
      tellsCrc64: fc.oneof(
        { weight: 3, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
      knowsCrc64: fc.boolean(),
      retries: fc.nat(3),
    });
  type Scenario = ReturnType<typeof scenario> extends fc.Arbitrary<infer T> ? T : never;

  async function play({ before, chunk, appends, heads, gets, retries, ...rest }: Scenario) {
    // A chunk of no bytes is sent only to create its object.
    if (chunk.byteLength === 0 && before !== undefined) return undefined;
    const client = new ScriptedClient(before);
    client.refusesReading = rest.refusesReading;
    client.tellsCrc64 = rest.tellsCrc64;
    let interfered = false;
    const noting = ({ behaviour, isInterference }: Fault): Behaviour =>
      isInterference === true
        ? (call) => {
            interfered = true;
            return behaviour(call);
          }
        : behaviour;
    client.script('append', ...appends.map(noting));
    client.script('head', ...heads.map(noting));
    client.script('get', ...gets.map(noting));
    const { error, commits, delivery } = await deliver(client, {
      ...{ before, chunk },
      knowsCrc64: before === undefined || rest.knowsCrc64,
      retry: { ...immediately, retries },
    });
    const object = () => client.object?.bytes ?? Buffer.alloc(0);
    const ours = () => object().filter(isOurs);
    const atEnd = { object: object(), ours: ours() };
    client.land();
    const position = before?.byteLength ?? 0;
    const committed = commits.reduce((sum, { start, end }) => sum + end - start, 0);
    return { error, delivery, interfered, position, committed, atEnd, oursLater: ours() };
  }

  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  test('the object holds what was before and the chunk once, or the error says what is true', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(scenario(false), async (given) => {
        const played = await play(given);
        if (played === undefined) return;
        const { error, position, committed, atEnd, oursLater } = played;
        seen.add(error instanceof Error ? error.name : String(error));

        expect(hex(atEnd.object.subarray(0, position))).toBe(hex(given.before ?? Buffer.of()));
        expect(hex(given.chunk).startsWith(hex(oursLater))).toBe(true);
        expect(committed).toBeLessThanOrEqual(atEnd.ours.byteLength);
        if (error === undefined) {
          expect(hex(atEnd.ours)).toBe(hex(given.chunk));
          expect(committed).toBe(given.chunk.byteLength);
        }
        if (error instanceof RetriesExhaustedError) expect(oursLater.byteLength).toBe(committed);
        expect(error).not.toBeInstanceOf(DivergedError);
        expect(error).not.toBeInstanceOf(ChecksumError);
      }),
      { numRuns: 500 },
    );
    for (const name of ['undefined', 'RetriesExhaustedError', 'UnconfirmedError']) {
      expect(seen).toContain(name);
    }
  });

  test('a stranger is noticed, and never makes the chunk come twice or go unnoticed', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(scenario(true), async (given) => {
        const played = await play(given);
        if (played === undefined) return;
        const { error, interfered, position, committed, atEnd, oursLater } = played;
        seen.add(error instanceof Error ? error.name : String(error));

        expect(hex(given.chunk).startsWith(hex(oursLater))).toBe(true);
        if (error === undefined) {
          expect(committed).toBe(given.chunk.byteLength);
          const end = position + given.chunk.byteLength;
          expect(hex(atEnd.object.subarray(position, end))).toBe(hex(given.chunk));
        }
        if (error instanceof DivergedError || error instanceof ChecksumError) {
          expect(interfered).toBe(true);
        }
        if (error instanceof RetriesExhaustedError) {
          expect(oursLater.byteLength).toBeLessThanOrEqual(committed);
        }
      }),
      { numRuns: 500 },
    );
    for (const name of ['undefined', 'DivergedError', 'UnconfirmedError']) {
      expect(seen).toContain(name);
    }
  });
});
