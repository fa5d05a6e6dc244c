import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DivergedError } from '../../../src/errors.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';
import {
  answer,
  applyThenFail,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  hang,
  ignoreSignal,
  preceded,
  ScriptedClient,
} from '../scripted-client.js';
import {
  append,
  crcOf,
  creation,
  deliver,
  head,
  prepare,
  remove,
  silent,
  strangerAppends,
} from './chunk-delivery-setup.js';

interface Row {
  readonly scenario: string;
  readonly behaviour: Behaviour;
  readonly calls: readonly string[];
  readonly retries: number;
}
describe('ChunkDelivery.run() after one failure', () => {
  const unansweredLike = [
    { what: 'an unanswered unknown', thrown: failure.unanswered() },
    { what: 'an error without outcome', thrown: new Error('failed') },
    { what: 'a TypeError', thrown: new TypeError('terminated') },
    { what: 'an invalid outcome', thrown: Object.assign(new Error(), { outcome: 'odd' }) },
    { what: 'a string', thrown: 'garbage' },
    { what: 'undefined', thrown: undefined },
    { what: 'null', thrown: null },
  ];
  const rows: Row[] = [
    {
      scenario: 'a rejection: sends the chunk again without a probe',
      behaviour: failWith(failure.rejected()),
      calls: [append, append],
      retries: 1,
    },
    {
      scenario: 'an answered unknown that was not stored: probes after the backoff',
      behaviour: failWith(failure.answered()),
      calls: [append, 'head', append],
      retries: 1,
    },
    {
      scenario: 'an answered unknown that was stored: probes after the backoff',
      behaviour: applyThenFail(failure.answered()),
      calls: [append, 'head'],
      retries: 1,
    },
    ...unansweredLike.flatMap(({ what, thrown }) => [
      {
        scenario: `${what} that was not stored: probes at once, and again after the backoff`,
        behaviour: failWith(thrown),
        calls: [append, 'head', 'head', append],
        retries: 1,
      },
      {
        scenario: `${what} that was stored: probes at once`,
        behaviour: applyThenFail(thrown),
        calls: [append, 'head'],
        retries: 0,
      },
    ]),
    {
      scenario: 'a conflict with our own bytes, as when a proxy resent them: probes at once',
      behaviour: applyThenFail(failure.conflict(9)),
      calls: [append, 'head'],
      retries: 0,
    },
    {
      scenario: 'a conflict that the object contradicts: probes at once and after the backoff',
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
          key: 'a.log',
          start: 4,
          end: 9,
          target: { key: 'a.log', position: 9, crc64: crcOf('headchunk'), exists: true },
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
  ])('throws a $outcome error of the client at once', async ({ thrown }) => {
    const client = head().script('append', failWith(thrown));
    const { error, calls, retries, commits, delivery } = await deliver(client);

    expect(error).toBe(thrown);
    expect(calls).toEqual([append]);
    expect([retries, commits]).toEqual([[], []]);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('reports a retry with the error of the client', async () => {
    const thrown = new TypeError('terminated');
    const { retries } = await deliver(head().script('append', failWith(thrown)));

    expect(retries).toEqual([{ error: thrown, attemptNumber: 1, retriesLeft: 2 }]);
    expect(retries[0]?.error).toBe(thrown);
  });

  test('commits without a request id when a probe finds the chunk', async () => {
    const { commits } = await deliver(head().script('append', applyThenFail(failure.unanswered())));

    expect(commits[0]).toMatchObject({ attempts: 1, requestId: undefined });
  });

  test('creates an empty object once when the answer is lost', async () => {
    const client = new ScriptedClient().script('append', applyThenFail(failure.unanswered()));
    const { error, calls, commits } = await deliver(client, { before: undefined, chunk: '' });

    expect(error).toBeUndefined();
    expect(client.contents).toBe('');
    expect(calls).toEqual(['append 0+0', 'head']);
    expect(commits).toHaveLength(1);
  });

  test('sends no creation options once a probe has found the object', async () => {
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

  test('aborts and reconciles an append that hangs', async () => {
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
  ])('allows the time that the bytes take $scenario', async ({ trafficLimit, time }) => {
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

  test('marks the bytes as abandoned when a client ignores the signal of an append', async () => {
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

  test('does not mark the bytes as abandoned when a client ignores the signal of a probe', async () => {
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
      scenario: 'before the first probe',
      script: (client) =>
        client.script(
          'head',
          preceded((c) => c.land()),
        ),
    },
    {
      scenario: 'before the second probe',
      script: (client) =>
        client.script(
          'head',
          answer,
          preceded((c) => c.land()),
        ),
    },
    {
      scenario: 'between the last probe and the next attempt',
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
  ])('leaves the chunk in the object once when it lands $scenario', async ({ script }) => {
    const client = script(head().script('append', failThenLand(failure.unanswered())));
    const { error, commits } = await deliver(client);
    client.land();

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headchunk');
    expect(commits).toMatchObject([{ start: 4, end: 9, target: { position: 9 } }]);
  });

  test('leaves the chunk in the object once when three attempts land together', async () => {
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

describe('ChunkDelivery.run() when another writer appended', () => {
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
        key: 'a.log',
        position: 4,
        actualLength,
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
      // Our bytes may have landed before those of the other writer.
      expect(delivery.mayHaveLanded).toBe(true);
    },
  );

  test('throws DivergedError when another writer appended after the chunk before the probe', async () => {
    const client = head()
      .script('append', applyThenFail(failure.unanswered()))
      .script('head', preceded(strangerAppends('!')));
    const { error, commits } = await deliver(client);

    expect(error).toMatchObject({ name: 'DivergedError', actualLength: 10 });
    expect(commits).toEqual([]);
    expect(client.contents).toBe('headchunk!');
  });

  test('throws DivergedError when an object with other bytes of the same length has replaced it', async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()))
      .script(
        'head',
        preceded((c) => c.create(Buffer.from('HEAD'))),
      );
    const { error } = await deliver(client);

    expect(error).toMatchObject({
      name: 'DivergedError',
      position: 4,
      actualLength: 4,
      message:
        'Cannot append 5 bytes to "a.log" at position 4: the object is 4 bytes long and its CRC-64 is not ours',
    });
  });

  test('throws DivergedError and does not recreate the object when it is gone', async () => {
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
    'compares the bytes if the store returns no checksum: $contents',
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
