import { describe, expect, test } from 'vitest';
import {
  NotAppendableError,
  RetriesExhaustedError,
  UnconfirmedError,
} from '../../../src/errors.js';
import {
  answer,
  answerWith,
  applyPartThenFail,
  applyThenFail,
  failThenLand,
  failure,
  failWith,
  preceded,
} from '../scripted-client.js';
import { always, append, crcOf, deliver, head, immediately, seal } from './chunk-delivery-setup.js';

describe('ChunkDelivery.run() when a part of the chunk landed', () => {
  test.each([
    { scenario: 'unanswered', thrown: failure.unanswered() },
    { scenario: 'answered', thrown: failure.answered() },
    { scenario: 'a conflict', thrown: failure.conflict(6) },
  ])('commits the part and sends the rest after a failure: $scenario', async ({ thrown }) => {
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
        key: 'a.log',
        start: 4,
        end: 6,
        target: { position: 6, crc64: crcOf('headch') },
        attempts: 1,
      },
      {
        key: 'a.log',
        start: 6,
        end: 9,
        target: { position: 9, crc64: crcOf('headchunk') },
        attempts: 2,
      },
    ]);
  });

  test('renews the whole retry budget after every part', async () => {
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

  test('renews the retry budget when the last probe finds a part', async () => {
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

  test('clears the doubt about earlier attempts once a part is committed', async () => {
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
      key: 'a.log',
      position: 4,
      attempts: 3,
      cause: last,
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

  test('throws RetriesExhaustedError when every attempt was answered and the object lacks the chunk', async () => {
    const client = head().script('append', ...always(failWith(failure.answered())));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'RetriesExhaustedError', attempts: 3 });
    expect(calls).toEqual([append, 'head', append, 'head', append, 'head']);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('throws UnconfirmedError when the object contradicts a conflict', async () => {
    const client = head()
      .script('append', applyThenFail(failure.answered()))
      .script('head', ...always(answerWith({ length: 4, crc64: crcOf('head') })));
    const { error, delivery } = await deliver(client);

    expect(client.contents).toBe('headchunk');
    expect(error).toBeInstanceOf(UnconfirmedError);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError when the object contradicts a conflict at the second probe', async () => {
    const contradiction = answerWith({ length: 4, crc64: crcOf('head') });
    const client = head()
      .script('append', applyThenFail(failure.conflict(9)), failWith(failure.fatal()))
      .script('head', failWith(failure.rejected()), ...always(contradiction));
    const { error, delivery } = await deliver(client);

    expect(client.contents).toBe('headchunk');
    expect(error).toBeInstanceOf(UnconfirmedError);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws RetriesExhaustedError when each conflict names the position of the append itself', async () => {
    const client = head().script('append', ...always(failWith(failure.conflict(4))));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'RetriesExhaustedError', attempts: 3 });
    expect(calls).toEqual([append, 'head', append, 'head', append, 'head']);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('commits when the last probe finds the chunk', async () => {
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

  test('throws UnconfirmedError when the last probe fails after an ambiguous answer', async () => {
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
      key: 'a.log',
      position: 4,
      byteLength: 5,
      cause,
      message:
        'Cannot tell whether the append of 5 bytes to "a.log" at position 4 landed: A scripted failure: unknown',
    });
    expect(calls).toEqual([append, append, append, 'head']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws UnconfirmedError when no attempt was answered, although the object lacks the chunk', async () => {
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
    'throws UnconfirmedError when only the first attempt was unanswered and the others were $scenario',
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

  test('throws an AppendError, not the TypeError, when the client keeps throwing a TypeError', async () => {
    const cause = new TypeError('terminated');
    const client = head().script('append', ...always(failWith(cause)));
    const { error } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause });
  });

  test('retries without end with infinite retries', async () => {
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
  ])('throws UnconfirmedError with the $outcome error as its cause', async ({ thrown }) => {
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

  test('throws UnconfirmedError with the fatal error as its cause when the probe fails', async () => {
    const client = head()
      .script('append', failWith(failure.unanswered()), failWith(cause))
      .script('head', answer, answer, failWith(failure.answered()));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toMatchObject({ name: 'UnconfirmedError', cause });
    expect(calls).toEqual([append, 'head', 'head', append, 'head']);
    expect(delivery.mayHaveLanded).toBe(true);
  });

  test('throws the fatal error itself when a probe has settled the ambiguous answer', async () => {
    const client = head().script('append', failWith(failure.answered()), failWith(cause));
    const { error, calls, delivery } = await deliver(client);

    expect(error).toBe(cause);
    expect(calls).toEqual([append, 'head', append]);
    expect(delivery.mayHaveLanded).toBe(false);
  });

  test('commits the part that landed and throws the fatal error for the rest', async () => {
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

describe('ChunkDelivery.run() when the object accepts no more appends', () => {
  test('throws the error of the client for a sealed object', async () => {
    const { error, calls } = await deliver(head().script('append', preceded(seal)));

    expect(error).toMatchObject({ outcome: 'fatal' });
    expect(calls).toEqual([append]);
  });

  test.each([
    { scenario: 'sealed', change: { sealed: true }, kind: 'sealed' },
    {
      scenario: 'of another type',
      change: { appendable: false, objectType: 'Normal' },
      kind: 'of type Normal',
    },
  ])(
    'throws NotAppendableError when a probe finds it $scenario and without the chunk',
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

  test('commits a chunk that landed before the object was sealed', async () => {
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
