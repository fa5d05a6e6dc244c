import { describe, expect, test } from 'vitest';
import { NotAppendableError } from '../../../src/errors.js';
import {
  answer,
  answerWith,
  applyPartThenFail,
  applyThenFail,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  preceded,
} from '../scripted-client.js';
import {
  append,
  crcOf,
  creation,
  deliver,
  head,
  immediately,
  remove,
  type Setup,
  seal,
  silent,
  strangerAppends,
  writeOnly,
} from './chunk-delivery-setup.js';

const shared: Setup = { isShared: true, isMovable: true };
const lost = failure.unanswered();

const sealedError = new NotAppendableError('The object is sealed', {
  key: 'a.log',
  objectType: 'Appendable',
});

/** The object has other bytes from now on. */
const replace = (contents: string) => (client: Parameters<typeof remove>[0]) => {
  client.create(Buffer.from(contents));
};

describe("ChunkDelivery.run() with conflict 'rebase' and nothing in doubt", () => {
  test('goes to the end that a conflict names, at once and at the cost of no retry', async () => {
    const client = head().script('append', preceded(strangerAppends('theirs')));
    const { error, calls, log, commits, retries } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'append 10+5']);
    expect(client.contents).toBe('headtheirschunk');
    expect(log).toEqual(['attempted', 'sent', 'rebased at 4', 'attempted', 'committed 5']);
    expect(commits).toMatchObject([{ start: 10, end: 15, attempts: 2 }]);
    expect(commits[0]?.target.crc64).toBe(crcOf('headtheirschunk'));
    expect(retries).toEqual([]);
  });

  test('sends the MD5 of a chunk that has moved, and of no other', async () => {
    const client = head().script('append', preceded(strangerAppends('theirs')));
    await deliver(client, shared);

    expect(client.options.map(({ contentMd5 }) => contentMd5)).toEqual([undefined, true]);
  });

  test('follows other writers for as long as they are faster, without any retries', async () => {
    const faster = Array.from({ length: 50 }, () => preceded(strangerAppends('x')));
    const client = head().script('append', ...faster);
    const retry = { ...immediately, retries: 0 };
    const { error, calls } = await deliver(client, { ...shared, retry });

    expect(error).toBeUndefined();
    expect(calls).toHaveLength(51);
    expect(client.contents).toBe(`head${'x'.repeat(50)}chunk`);
  });

  test('gives up when maxRetryTime is over, with nothing in doubt', async () => {
    const faster = Array.from({ length: 1000 }, () => preceded(strangerAppends('x')));
    const client = head().script('append', ...faster);
    const retry = { ...immediately, maxRetryTime: 0 };
    const { error, delivery } = await deliver(client, { ...shared, retry });

    expect(error).toMatchObject({ code: 'APPEND_ERR_RETRIES_EXHAUSTED' });
    expect(delivery.mayHaveLanded).toBe(false);
    expect(client.contents).not.toContain('chunk');
  });

  test('takes a first conflict as another writer’s although the object ends with the same bytes', async () => {
    const client = head().script('append', preceded(strangerAppends('chunk')));
    const { calls } = await deliver(client, shared);

    expect(calls).toEqual([append, 'append 9+5']);
    expect(client.contents).toBe('headchunkchunk');
  });

  test('asks for the end if the conflict does not name it', async () => {
    const client = head().script(
      'append',
      preceded(strangerAppends('chunk'), failWith(failure.conflict())),
    );
    const { calls } = await deliver(client, shared);

    expect(calls).toEqual([append, 'head', 'append 9+5']);
    expect(client.contents).toBe('headchunkchunk');
  });

  test('goes to the end of an object that was emptied or shortened', async () => {
    const client = head().script('append', preceded(replace('h')));
    const { error, calls } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'append 1+5']);
    expect(client.contents).toBe('hchunk');
  });

  test('creates an object that was deleted, with the creation options', async () => {
    const client = head().script('append', preceded(remove));
    const { error, calls } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'append 0+5']);
    expect(client.object).toMatchObject({ creation });
    expect(client.contents).toBe('chunk');
  });

  test('goes on in an object that was replaced by one of the same length', async () => {
    const client = head().script('append', preceded(replace('HEAD')));
    const { error, calls, commits } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'get 4-9']);
    expect(client.contents).toBe('HEADchunk');
    expect(commits[0]?.target.crc64).toBe(crcOf('HEADchunk'));
  });

  test.each([
    { scenario: 'is not answered', fault: failure.unanswered() },
    { scenario: 'is refused for a while', fault: failure.rejected() },
  ])('asks again where reading the replaced object $scenario', async ({ fault }) => {
    const client = head().script('append', preceded(replace('HEAD')));
    client.script('get', failWith(fault));
    const { error, calls, commits } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'get 4-9', 'head', 'get 4-9']);
    expect(client.contents).toBe('HEADchunk');
    expect(commits[0]?.target.crc64).toBe(crcOf('HEADchunk'));
  });

  test('cannot tell about a chunk in a replaced object that must not be read', async () => {
    const client = writeOnly('head').script('append', preceded(replace('HEAD')));
    const { error } = await deliver(client, shared);

    expect(error).toMatchObject({ code: 'APPEND_ERR_UNCONFIRMED' });
  });

  test('fails if the store confirms a chunk that is not in the object', async () => {
    const client = head().script('append', answerWith({ crc64: 1n }));
    client.script('get', preceded(replace('headother')));
    const { error } = await deliver(client, shared);

    expect(error).toMatchObject({ code: 'APPEND_ERR_CHECKSUM' });
  });

  test('moves with write-only credentials too', async () => {
    const client = writeOnly('head').script('append', preceded(strangerAppends('theirs')));
    const { error, calls } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'append 10+5']);
  });

  test('ends an object that others have made as long as it may be', async () => {
    const client = head().script('append', preceded(strangerAppends('theirs')));
    const { error, delivery, calls } = await deliver(client, { ...shared, sharedSize: () => 10 });

    expect(error).toMatchObject({ code: 'APPEND_ERR_OBJECT_FULL', limit: 10 });
    expect(delivery.obstacle).toBe('size');
    expect(calls).toEqual([append]);
  });
});

interface Row {
  readonly scenario: string;

  /** What becomes of the first append, which gets no answer. */
  readonly first: Behaviour;

  /** What happens before the object is asked. */
  readonly meanwhile?: Behaviour;
  readonly contents: string;
  readonly calls: readonly string[];
}

const beforeHead = (event: (client: Parameters<typeof remove>[0]) => void) => preceded(event);

describe("ChunkDelivery.run() with conflict 'rebase' after an append without an answer", () => {
  test.each<Row>([
    {
      scenario: 'landed, and nothing behind it',
      first: applyThenFail(lost),
      contents: 'headchunk',
      calls: [append, 'head'],
    },
    {
      scenario: 'landed, and another writer behind it',
      first: applyThenFail(lost),
      meanwhile: beforeHead(strangerAppends('theirs')),
      contents: 'headchunktheirs',
      calls: [append, 'head', 'get 4-9'],
    },
    {
      scenario: 'landed in part',
      first: applyPartThenFail(2, lost),
      contents: 'headchunk',
      calls: [append, 'head', 'append 6+3'],
    },
    {
      scenario: 'not landed',
      first: failWith(lost),
      contents: 'headchunk',
      calls: [append, 'head', 'head', append],
    },
    {
      scenario: 'not landed, and a shorter one of another writer there',
      first: failWith(lost),
      meanwhile: beforeHead(strangerAppends('hi')),
      contents: 'headhichunk',
      calls: [append, 'head', 'get 4-6', 'append 6+5'],
    },
    {
      scenario: 'not landed, and a longer one of another writer there',
      first: failWith(lost),
      meanwhile: beforeHead(strangerAppends('theirs')),
      contents: 'headtheirschunk',
      calls: [append, 'head', 'get 4-9', 'append 10+5'],
    },
    {
      scenario: 'not landed, and one of the same length there',
      first: failWith(lost),
      meanwhile: beforeHead(strangerAppends('their')),
      contents: 'headtheirchunk',
      calls: [append, 'head', 'get 4-9', 'append 9+5'],
    },
  ])(
    'settles by what is at its place: $scenario',
    async ({ first, meanwhile, contents, calls }) => {
      const client = head().script('append', first);
      if (meanwhile !== undefined) client.script('head', meanwhile);
      const { error, calls: made } = await deliver(client, shared);

      expect(error).toBeUndefined();
      expect(client.contents).toBe(contents);
      expect(made).toEqual(calls);
    },
  );

  test('cannot land late where another writer’s bytes are', async () => {
    const client = head().script('append', failThenLand(lost));
    client.script('head', preceded(strangerAppends('theirs')));
    await deliver(client, shared);
    client.land();

    expect(client.contents).toBe('headtheirschunk');
  });

  test('settles a doubt where the checksum before the chunk is unknown, by reading', async () => {
    const client = head().script(
      'append',
      preceded(strangerAppends('theirs')),
      applyThenFail(lost),
    );
    const { error, calls } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(client.contents).toBe('headtheirschunk');
    expect(calls).toEqual([append, 'append 10+5', 'head', 'get 10-15']);
  });

  test.each([{ scenario: 'the store returns no checksums', client: () => silent('head') }])(
    'moves behind other bytes if $scenario',
    async ({ client: create }) => {
      const client = create().script('append', failWith(lost));
      client.script('head', preceded(strangerAppends('their')));
      const { error } = await deliver(client, shared);

      expect(error).toBeUndefined();
      expect(client.contents).toBe('headtheirchunk');
    },
  );

  test.each([
    { scenario: 'shorter', event: replace('h') },
    { scenario: 'gone', event: remove },
    { scenario: 'another of the same length', event: replace('HEAD') },
  ])('fails if the object is $scenario: the append may still land', async ({ event }) => {
    const client = head().script('append', failThenLand(lost)).script('head', preceded(event));
    const { error, delivery } = await deliver(client, shared);

    expect(error).toMatchObject({ code: 'APPEND_ERR_DIVERGED' });
    expect(delivery).toMatchObject({ mayHaveLanded: true, obstacle: undefined });
  });

  test('goes to no other object before the doubt about a sealed one is settled', async () => {
    const client = head().script('append', applyThenFail(lost)).script('head', preceded(seal));
    const { error, calls } = await deliver(client, shared);

    expect(error).toBeUndefined();
    expect(calls).toEqual([append, 'head']);
  });

  test('leaves a sealed object that does not have it', async () => {
    const client = head().script('append', failThenLand(lost)).script('head', preceded(seal));
    const { error, delivery } = await deliver(client, shared);

    expect(error).toMatchObject({ code: 'APPEND_ERR_NOT_APPENDABLE' });
    expect(delivery).toMatchObject({ mayHaveLanded: false, obstacle: 'sealed' });
  });

  test('asks again about a sealed object when the question fails', async () => {
    const client = head().script('append', failWith(lost), preceded(seal, failWith(sealedError)));
    client.script('head', answer, answer, failWith(lost), failWith(lost));
    const retry = { ...immediately, retries: 5 };
    const { error, delivery, calls } = await deliver(client, { ...shared, retry });

    expect(error).toMatchObject({ code: 'APPEND_ERR_NOT_APPENDABLE' });
    expect(delivery).toMatchObject({ mayHaveLanded: false, obstacle: 'sealed' });
    expect(calls).toEqual([append, 'head', 'head', append, 'head', 'head', 'head']);
  });

  test('cannot settle a doubt behind another writer with write-only credentials', async () => {
    const client = writeOnly('head').script(
      'append',
      preceded(strangerAppends('theirs'), failWith(lost)),
    );
    const { error, delivery } = await deliver(client, shared);

    expect(error).toMatchObject({ code: 'APPEND_ERR_UNCONFIRMED' });
    expect(delivery.mayHaveLanded).toBe(true);
  });
});
