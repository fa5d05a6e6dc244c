import { describe, expect, test } from 'vitest';
import type { Obstacle } from '../../../src/append/delivery/delivery-options.js';
import { NotAppendableError } from '../../../src/errors.js';
import {
  answer,
  answerWith,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  preceded,
  type ScriptedClient,
} from '../scripted-client.js';
import { always, deliver, head, immediately, type Setup } from './chunk-delivery-setup.js';

const endless: Setup = { retry: { ...immediately, retries: Number.POSITIVE_INFINITY } };

/** Where the chunk may go that its object refuses. */
const terms = {
  nowhere: { isMovable: false, isShared: false },
  'to the next object': { isMovable: true, isShared: false },
  'to the end': { isMovable: false, isShared: true },
  'to the end, then to the next object': { isMovable: true, isShared: true },
} satisfies Record<string, Setup>;

const places = Object.keys(terms) as (keyof typeof terms)[];
const movable = places.filter((place) => terms[place].isMovable);
const fixed = places.filter((place) => !terms[place].isMovable);

/** What became of the attempt before the refusals. */
const doubts = {
  'nothing in doubt': undefined,
  'an answered failure': failWith(failure.answered()),
  'no answer': failThenLand(failure.unanswered()),
} satisfies Record<string, Behaviour | undefined>;

const change =
  (changes: Partial<NonNullable<ScriptedClient['object']>>) => (client: ScriptedClient) => {
    if (client.object !== undefined) Object.assign(client.object, changes);
  };

/** What every HEAD shows when the object has refused the chunk, or after an answered failure. */
const sights = {
  'the object as before': answer,
  'a seal': preceded(change({ sealed: true })),
  'another type': preceded(change({ appendable: false, objectType: 'Normal' })),
  'an answer that forbids it': failWith(failure.forbidden()),
  'an answer that refuses it': failWith(failure.fatal()),
  nothing: preceded((client) => {
    client.object = undefined;
  }),
  'a shorter object': preceded(change({ bytes: Buffer.from('he') })),
  'another object of the same length': preceded(change({ bytes: Buffer.from('HEAD') })),
  'another writer’s bytes': preceded(change({ bytes: Buffer.from('headtheirs') })),
} satisfies Record<string, Behaviour>;

const sealed = 'APPEND_ERR_NOT_APPENDABLE';
const diverged = 'APPEND_ERR_DIVERGED';
const unconfirmed = 'APPEND_ERR_UNCONFIRMED';

interface Row {
  readonly doubt: keyof typeof doubts;
  readonly sight: keyof typeof sights;

  /** Where the chunk may go. */
  readonly to: readonly (keyof typeof terms)[];
  readonly code: string;

  /** `undefined` if the chunk stays in doubt. */
  readonly obstacle?: Obstacle;
}

const allSights = Object.keys(sights) as (keyof typeof sights)[];

/** The object refuses every append for good: it is sealed, of another type, or under retention. */
const rows: readonly Row[] = [
  ...allSights.map((sight): Row => {
    return { doubt: 'nothing in doubt', sight, to: places, code: sealed, obstacle: 'sealed' };
  }),

  // The next attempt asks first, and so the refusal comes when nothing is in doubt any more.
  {
    doubt: 'an answered failure',
    sight: 'the object as before',
    to: places,
    code: sealed,
    obstacle: 'sealed',
  },
  { doubt: 'an answered failure', sight: 'a seal', to: places, code: sealed, obstacle: 'sealed' },
  {
    doubt: 'an answered failure',
    sight: 'another type',
    to: places,
    code: sealed,
    obstacle: 'sealed',
  },
  {
    doubt: 'an answered failure',
    sight: 'an answer that forbids it',
    to: places,
    code: unconfirmed,
  },
  {
    doubt: 'an answered failure',
    sight: 'an answer that refuses it',
    to: places,
    code: unconfirmed,
  },
  { doubt: 'an answered failure', sight: 'nothing', to: places, code: diverged },
  { doubt: 'an answered failure', sight: 'a shorter object', to: places, code: diverged },
  {
    doubt: 'an answered failure',
    sight: 'another object of the same length',
    to: places,
    code: diverged,
  },
  {
    doubt: 'an answered failure',
    sight: 'another writer’s bytes',
    to: ['nowhere'],
    code: diverged,
  },
  {
    doubt: 'an answered failure',
    sight: 'another writer’s bytes',
    to: ['to the next object'],
    code: diverged,
    obstacle: 'conflict',
  },
  {
    doubt: 'an answered failure',
    sight: 'another writer’s bytes',
    to: ['to the end', 'to the end, then to the next object'],
    code: sealed,
    obstacle: 'sealed',
  },

  // A refusal says nothing of the attempt before it, and waiting would prove nothing either.
  { doubt: 'no answer', sight: 'the object as before', to: places, code: unconfirmed },
  { doubt: 'no answer', sight: 'a seal', to: movable, code: sealed, obstacle: 'sealed' },
  { doubt: 'no answer', sight: 'a seal', to: fixed, code: sealed },
  { doubt: 'no answer', sight: 'another type', to: places, code: sealed },
  { doubt: 'no answer', sight: 'an answer that forbids it', to: places, code: unconfirmed },
  { doubt: 'no answer', sight: 'an answer that refuses it', to: places, code: unconfirmed },
  { doubt: 'no answer', sight: 'nothing', to: places, code: diverged },
  { doubt: 'no answer', sight: 'a shorter object', to: places, code: diverged },
  { doubt: 'no answer', sight: 'another object of the same length', to: places, code: diverged },
  { doubt: 'no answer', sight: 'another writer’s bytes', to: ['nowhere'], code: diverged },
  {
    doubt: 'no answer',
    sight: 'another writer’s bytes',
    to: ['to the next object'],
    code: diverged,
    obstacle: 'conflict',
  },
  {
    doubt: 'no answer',
    sight: 'another writer’s bytes',
    to: ['to the end', 'to the end, then to the next object'],
    code: sealed,
    obstacle: 'sealed',
  },
];

const cells = rows.flatMap(({ to, ...row }) => to.map((place) => ({ ...row, place })));

describe('ChunkDelivery.run() with endless retries, in an object that takes no more', () => {
  test('is tested with every doubt, HEAD and place', () => {
    const count = Object.keys(doubts).length * allSights.length * places.length;

    expect(new Set(cells.map(({ doubt, sight, place }) => `${doubt} ${sight} ${place}`)).size).toBe(
      count,
    );
    expect(cells).toHaveLength(count);
  });

  test.each(cells)(
    'ends with $code after $doubt, where HEAD shows $sight and the chunk may go $place',
    async ({ doubt, sight, place, code, obstacle }) => {
      const refusal = new NotAppendableError('FileImmutable', {
        key: 'a.log',
        objectType: 'Appendable',
      });
      const first = doubts[doubt];
      const client = head().script(
        'append',
        ...(first ? [first] : []),
        ...always(failWith(refusal)),
      );
      // Without an answer the object is asked for at once, and again before it refuses the chunk.
      const unchanged = doubt === 'no answer' ? [answer, answer] : [];
      client.script('head', ...unchanged, ...always(sights[sight]));
      const { error, delivery, calls } = await deliver(client, { ...endless, ...terms[place] });

      expect(error).toMatchObject({ code });
      expect(delivery).toMatchObject({ obstacle, mayHaveLanded: obstacle === undefined });
      expect(calls.filter((call) => call.startsWith('append')).length).toBeLessThan(5);
      if (code === unconfirmed && doubt === 'no answer') {
        expect(error).toHaveProperty('cause', refusal);
      }
    },
  );

  test.each(movable)(
    'asks again where HEAD is not answered and the chunk may go %s',
    async (place) => {
      const refusal = new NotAppendableError('sealed', { key: 'a.log', objectType: 'Appendable' });
      const refuse = preceded(change({ sealed: true }), failWith(refusal));
      const client = head().script('append', doubts['no answer'], ...always(refuse));
      client.script('head', answer, answer, failWith(failure.unanswered()));
      const { error, delivery } = await deliver(client, { ...endless, ...terms[place] });

      expect(error).toMatchObject({ code: sealed });
      expect(delivery).toMatchObject({ obstacle: 'sealed', mayHaveLanded: false });
    },
  );
});

describe('ChunkDelivery.run() with endless retries, in an object that may be full', () => {
  const position = 5e9;

  /** HEAD of an object so long that a chunk may not fit any more. */
  const seen = (changes: { readonly sealed?: boolean; readonly length?: number } = {}): Behaviour =>
    answerWith({ length: position, crc64: undefined, ...changes });

  const full = 'APPEND_ERR_SERVICE';

  test.each<{
    doubt: keyof typeof doubts;
    sight: string;
    see: Behaviour;
    to: readonly (keyof typeof terms)[];
    code: string;
    obstacle?: Obstacle;
  }>([
    {
      doubt: 'nothing in doubt',
      sight: 'the object as before',
      see: seen(),
      to: places,
      code: full,
      obstacle: 'full',
    },
    {
      doubt: 'an answered failure',
      sight: 'the object as before',
      see: seen(),
      to: places,
      code: full,
      obstacle: 'full',
    },
    {
      doubt: 'no answer',
      sight: 'the object as before',
      see: seen(),
      to: places,
      code: unconfirmed,
    },
    {
      doubt: 'no answer',
      sight: 'a seal',
      see: seen({ sealed: true }),
      to: movable,
      code: sealed,
      obstacle: 'sealed',
    },
    { doubt: 'no answer', sight: 'a seal', see: seen({ sealed: true }), to: fixed, code: sealed },
    {
      doubt: 'no answer',
      sight: 'an answer that forbids it',
      see: failWith(failure.forbidden()),
      to: places,
      code: unconfirmed,
    },
    {
      doubt: 'no answer',
      sight: 'a shorter object',
      see: seen({ length: 4 }),
      to: places,
      code: diverged,
    },
  ])(
    'ends with $code after $doubt, where HEAD shows $sight',
    async ({ doubt, see, to, code, obstacle }) => {
      for (const place of to) {
        const refusal = Object.assign(failure.fatal(), { code: full });
        const first = doubts[doubt];
        const client = head().script(
          'append',
          ...(first ? [first] : []),
          ...always(failWith(refusal)),
        );
        const unchanged = doubt === 'no answer' ? [seen(), seen()] : [];
        client.script('head', ...unchanged, ...always(see));
        const before = Buffer.alloc(0);
        Object.defineProperty(before, 'length', { value: position });
        const setup = { ...endless, ...terms[place], before, knowsCrc64: false };
        const { error, delivery } = await deliver(client, setup);

        expect(error, place).toMatchObject({ code });
        expect(delivery, place).toMatchObject({ obstacle, mayHaveLanded: obstacle === undefined });
      }
    },
  );
});
