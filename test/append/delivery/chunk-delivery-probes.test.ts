import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnconfirmedError } from '../../../src/errors.js';
import { useFakeTimers, useRealTimers } from '../../helpers/fake-timers.js';
import {
  answer,
  applyPartThenFail,
  applyThenFail,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  hang,
  ignoreSignal,
  preceded,
} from '../scripted-client.js';
import {
  always,
  append,
  crcOf,
  creation,
  deliver,
  head,
  immediately,
  prepare,
  remove,
  silent,
  strangerAppends,
  writeOnly,
} from './chunk-delivery-setup.js';

describe('ChunkDelivery.run() when the probe fails', () => {
  test.each([
    { scenario: 'rejected', thrown: failure.rejected() },
    { scenario: 'answered', thrown: failure.answered() },
    { scenario: 'unanswered', thrown: failure.unanswered() },
    { scenario: 'a conflict', thrown: failure.conflict() },
    { scenario: 'a TypeError', thrown: new TypeError('terminated') },
    { scenario: 'a string', thrown: 'garbage' },
  ])(
    'probes again within the retry budget, and does not append instead: $scenario',
    async ({ thrown }) => {
      const client = head()
        .script('append', applyThenFail(failure.unanswered()))
        .script('head', failWith(thrown), failWith(thrown));
      const { error, calls, retries, commits } = await deliver(client);

      expect(error).toBeUndefined();
      expect(calls).toEqual([append, 'head', 'head', 'head']);
      expect(retries).toHaveLength(2);
      if (thrown instanceof Error)
        expect(retries.map(({ error: e }) => e)).toEqual([thrown, thrown]);
      expect(commits).toMatchObject([{ start: 4, end: 9, attempts: 1 }]);
    },
  );

  test('throws UnconfirmedError when no probe succeeds', async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()))
      .script('head', ...always(failWith(failure.answered())));
    const { error, calls, retries, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError' });
    expect(calls).toEqual([append, 'head', 'head', 'head']);
    expect(retries).toHaveLength(2);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError, not RetriesExhaustedError, even after an answered unknown', async () => {
    const client = head()
      .script('append', failWith(failure.answered()))
      .script('head', ...always(failWith(failure.answered())));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError' });
    expect(calls).toEqual([append, 'head', 'head']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('reports that the chunk may have landed when no probe succeeds after a conflict', async () => {
    const client = head()
      .script('append', applyThenFail(failure.conflict(9)))
      .script('head', ...always(failWith(failure.answered())));
    const { error, delivery } = await deliver(client);

    expect(error).toBeInstanceOf(UnconfirmedError);
    expect(client.contents).toBe('headchunk');
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError with the refusal as its cause when the probe is refused too', async () => {
    const cause = failure.fatal();
    const client = head()
      .script('append', failWith(failure.unanswered()), failWith(cause))
      .script('head', answer, answer, failWith(failure.fatal()));
    const { error } = await deliver(client);

    expect(error).toBeInstanceOf(UnconfirmedError);
    expect((error as Error).cause).toBe(cause);
  });

  test('probes once more when the last attempt was answered, but an earlier one was not', async () => {
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

  test('throws UnconfirmedError after a conflict when no probe succeeds', async () => {
    const client = head()
      .script('append', applyThenFail(failure.conflict(9)))
      .script('head', ...always(failWith(failure.answered())));
    const { error, calls } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError' });
    expect(calls.filter((call) => call === append)).toHaveLength(1);
  });

  test('throws UnconfirmedError at once when the error of the probe is fatal', async () => {
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

  test('throws UnconfirmedError when the store returns no checksum and refuses to read back', async () => {
    const client = silent('head')
      .script('append', applyThenFail(failure.unanswered()))
      .script('get', failWith(failure.forbidden()));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause: { outcome: 'forbidden' } });
    expect(calls).toEqual([append, 'head', 'get 4-9']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('reads back again within the retry budget when reading back fails', async () => {
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
      scenario: 'stored between the two probes',
      behaviour: failThenLand(lost),
      calls: [append, 'head', 'append 9+0', 'append 4+0', 'append 9+0'],
    },
  ])(
    'commits the chunk once when the failed append was $scenario',
    async ({ scenario, behaviour, calls }) => {
      const client = writeOnly('head').script('append', behaviour);
      if (scenario.endsWith('between the two probes'))
        client.script(
          'append',
          answer,
          preceded((c) => c.land()),
        );
      const { error, commits } = await deliver(client);

      expect(error).toBeUndefined();
      expect(client.contents).toBe('headchunk');
      expect(client.calls).toEqual(calls);
      expect(commits.at(-1)?.target).toEqual({
        key: 'a.log',
        position: 9,
        crc64: crcOf('headchunk'),
        exists: true,
      });
    },
  );

  test('commits once a chunk whose object a probe creates with the creation options', async () => {
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
  ])(
    'throws DivergedError when another writer appended $scenario',
    async ({ bytes, actualLength }) => {
      const client = writeOnly('head').script('append', preceded(strangerAppends(bytes)));
      const { error } = await deliver(client);

      expect(error).toMatchObject({ name: 'DivergedError', position: 4, actualLength });
    },
  );

  test('does not recreate the object when it is gone', async () => {
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
    { client: 'obeys', behaviour: hang },
    { client: 'ignores', behaviour: ignoreSignal },
  ])(
    'rejects with the reason, and sends no more requests, if the client $client its signal',
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
    'rejects with the reason even if the append fails meanwhile: $scenario',
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

  test('rejects with the reason during a probe, and reports that the chunk may have landed', async () => {
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
    'rejects with the reason during the backoff after a failure: $failed',
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

  test('resolves if the whole chunk was committed before the abort', async () => {
    const controller = new AbortController();
    const { error, commits, delivery } = await deliver(head(), {
      signal: controller.signal,
      onCommit: () => controller.abort(reason),
    });

    expect(error).toBeUndefined();
    expect(commits).toHaveLength(1);
    expect([delivery.status, delivery.mayHaveLanded]).toEqual(['settled', false]);
  });

  test('has cleared its doubt when it reports the commit', async () => {
    const seen: boolean[] = [];
    const client = head().script('append', applyPartThenFail(2, failure.unanswered()));
    const { delivery, settled } = prepare(client, {
      onCommit: () => seen.push(delivery.mayHaveLanded),
    });
    await settled();

    expect(seen).toEqual([false, false]);
  });

  test('keeps only the rest if a part was committed before the abort', async () => {
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
