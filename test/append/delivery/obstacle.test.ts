import { describe, expect, test } from 'vitest';
import { NotAppendableError } from '../../../src/errors.js';
import {
  applyThenFail,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  preceded,
  type ScriptedClient,
} from '../scripted-client.js';
import {
  deliver,
  head,
  remove,
  type Setup,
  seal,
  silent,
  strangerAppends,
  writeOnly,
} from './chunk-delivery-setup.js';

const movable: Setup = { isMovable: true };
const lost = failure.unanswered();
const sealedError = new NotAppendableError('sealed', { key: 'a.log', objectType: 'Appendable' });

/** The object becomes one of another type, such as by PutObject. */
const turnNormal = (client: ScriptedClient) => {
  if (client.object !== undefined) client.object.appendable = false;
};
const replaceWith = (text: string) => (client: ScriptedClient) => {
  client.create(Buffer.from(text));
};

interface Row {
  readonly scenario: string;
  readonly append: readonly Behaviour[];
  readonly head?: readonly Behaviour[];
  readonly client?: () => ScriptedClient;
  readonly obstacle: 'conflict' | 'sealed' | 'full' | undefined;
  readonly code: string;
}

const diverged = 'APPEND_ERR_DIVERGED';
const notAppendable = 'APPEND_ERR_NOT_APPENDABLE';
const unconfirmed = 'APPEND_ERR_UNCONFIRMED';

const withoutDoubt: readonly Row[] = [
  {
    scenario: 'a conflict with another writer’s bytes',
    append: [preceded(strangerAppends('theirs'))],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'a conflict with as many bytes of another writer',
    append: [preceded(strangerAppends('their'))],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'a conflict with an object that is gone',
    append: [preceded(remove)],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'a conflict with an object that was shortened',
    append: [preceded(replaceWith('he'))],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'a refusal of a sealed object',
    append: [failWith(sealedError)],
    obstacle: 'sealed',
    code: notAppendable,
  },
  {
    scenario: 'a conflict, and a seal that HEAD shows',
    append: [failWith(failure.conflict(4))],
    head: [preceded(seal)],
    obstacle: 'sealed',
    code: notAppendable,
  },
  {
    scenario: 'an answered failure, and a seal that HEAD shows',
    append: [failWith(failure.answered())],
    head: [preceded(seal)],
    obstacle: 'sealed',
    code: notAppendable,
  },
  {
    scenario: 'an answered failure, and an object of another type that HEAD shows',
    append: [failWith(failure.answered())],
    head: [preceded(turnNormal)],
    obstacle: 'sealed',
    code: notAppendable,
  },
  {
    scenario: 'any other refusal',
    append: [failWith(Object.assign(failure.fatal(), { code: 'APPEND_ERR_SERVICE' }))],
    obstacle: undefined,
    code: 'APPEND_ERR_SERVICE',
  },
  {
    scenario: 'retries that are spent',
    append: Array.from({ length: 3 }, () => failWith(failure.rejected())),
    obstacle: undefined,
    code: 'APPEND_ERR_RETRIES_EXHAUSTED',
  },
];

const inDoubt: readonly Row[] = [
  {
    scenario: 'an answered failure, and another writer’s bytes at its place',
    append: [preceded(strangerAppends('theirs'), failWith(failure.answered()))],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'no answer, and another writer’s bytes at its place',
    append: [preceded(strangerAppends('theirs'), failThenLand(lost))],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'no answer, and fewer bytes of another writer at its place',
    append: [preceded(strangerAppends('hi'), failThenLand(lost))],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'no answer, and another writer’s bytes in a store without checksums',
    client: () => silent('head'),
    append: [preceded(strangerAppends('their'), failThenLand(lost))],
    obstacle: 'conflict',
    code: diverged,
  },
  {
    scenario: 'no answer, and the object sealed before the chunk landed',
    append: [failThenLand(lost)],
    head: [preceded(seal)],
    obstacle: 'sealed',
    code: notAppendable,
  },
  {
    scenario: 'no answer, and a refusal of the object that was sealed before the chunk landed',
    append: [failThenLand(lost), preceded(seal, failWith(sealedError))],
    obstacle: 'sealed',
    code: notAppendable,
  },
  {
    scenario: 'no answer, and an object of another type, which may change back',
    append: [failThenLand(lost)],
    head: [preceded(turnNormal)],
    obstacle: undefined,
    code: notAppendable,
  },
  {
    scenario: 'no answer, and the object gone',
    append: [failThenLand(lost)],
    head: [preceded(remove)],
    obstacle: undefined,
    code: diverged,
  },
  {
    scenario: 'no answer, and another object of the same length',
    append: [failThenLand(lost)],
    head: [preceded(replaceWith('HEAD'))],
    obstacle: undefined,
    code: diverged,
  },
  {
    scenario: 'no answer, and the chunk in its place behind other bytes than ours',
    append: [failThenLand(lost)],
    head: [preceded(replaceWith('HEADchunk'))],
    obstacle: undefined,
    code: diverged,
  },
  {
    scenario: 'no answer, and a refusal by an object that is not sealed',
    append: [failThenLand(lost), failWith(sealedError)],
    obstacle: undefined,
    code: unconfirmed,
  },
  {
    scenario: 'no answer, and retries that are spent',
    append: Array.from({ length: 3 }, () => failThenLand(lost)),
    obstacle: undefined,
    code: unconfirmed,
  },
  {
    scenario: 'no answer, and another writer’s bytes that may not be read',
    client: () => writeOnly('head'),
    append: [preceded(strangerAppends('theirs'), failThenLand(lost))],
    obstacle: undefined,
    code: unconfirmed,
  },
];

async function run({ append, head: heads = [], client = head }: Row, setup: Setup) {
  const scripted = client().script('append', ...append);
  if (heads.length > 0) scripted.script('head', ...heads);
  return deliver(scripted, setup);
}

describe('ChunkDelivery.obstacle with nothing in doubt', () => {
  test.each(withoutDoubt)('is $obstacle after $scenario', async (row) => {
    const { error, delivery } = await run(row, movable);

    expect(error).toMatchObject({ code: row.code });
    expect(delivery.obstacle).toBe(row.obstacle);
    expect(delivery.mayHaveLanded).toBe(false);
  });
});

describe('ChunkDelivery.obstacle with an attempt in doubt', () => {
  test.each(inDoubt)('is $obstacle after $scenario', async (row) => {
    const { error, client, delivery } = await run(row, movable);

    expect(error).toMatchObject({ code: row.code });
    expect(delivery.obstacle).toBe(row.obstacle);
    expect(delivery.mayHaveLanded).toBe(row.obstacle === undefined);
    if (row.obstacle === undefined) return;
    // The proof: what is still on its way does not land any more.
    client.land();
    expect(client.contents).not.toContain('chunk');
  });

  test.each(inDoubt)(
    'is undefined if the chunk may go nowhere else, after $scenario',
    async (row) => {
      const { delivery } = await run(row, { isMovable: false });

      expect(delivery).toMatchObject({ obstacle: undefined, mayHaveLanded: true });
    },
  );
});

describe('ChunkDelivery when another writer has appended behind the chunk', () => {
  test.each([
    { scenario: 'no answer', thrown: lost },
    { scenario: 'an answered failure', thrown: failure.answered() },
  ])('finds that it landed, after $scenario', async ({ thrown }) => {
    const client = head().script('append', applyThenFail(thrown));
    client.script('head', preceded(strangerAppends('theirs')));
    const { error, delivery, log } = await deliver(client, movable);

    expect(error).toBeUndefined();
    expect(delivery.obstacle).toBeUndefined();
    expect(log).toContain('committed 5');
    expect(client.contents).toBe('headchunktheirs');
  });
});

describe('ChunkDelivery.obstacle near the limit of an object', () => {
  const limit = 5 * 2 ** 30;

  /** A store whose object is so long that a chunk of 5 bytes ends at `end`. */
  function long(end: number) {
    const client = head();
    const before = Buffer.alloc(0);
    Object.defineProperty(before, 'length', { value: end - 5 });
    return { client, setup: { ...movable, before, knowsCrc64: false } };
  }

  test.each([
    { end: 5e9, obstacle: undefined },
    { end: 5e9 + 1, obstacle: 'full' },
    { end: limit, obstacle: 'full' },
  ])('is $obstacle after a refusal of bytes up to $end', async ({ end, obstacle }) => {
    const { client, setup } = long(end);
    client.script('append', failWith(failure.fatal()));
    const { error, delivery } = await deliver(client, setup);

    expect(error).toMatchObject({ outcome: 'fatal' });
    expect(delivery.obstacle).toBe(obstacle);
  });

  test('is full before an append beyond the limit, which is not sent', async () => {
    const { client, setup } = long(limit + 1);
    const { error, delivery, calls } = await deliver(client, setup);

    expect(error).toMatchObject({ code: 'APPEND_ERR_OBJECT_FULL', limit });
    expect(delivery.obstacle).toBe('full');
    expect(calls).toEqual([]);
  });
});
