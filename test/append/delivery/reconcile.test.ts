import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectState } from '../../../src/append/append-client.js';
import {
  type Expectation,
  type Reconciliation,
  reconcile,
  reconcileByBytes,
  type SettledReconciliation,
} from '../../../src/append/delivery/reconcile.js';
import { loadCrc64 } from '../../../src/crc64.js';

const crc64 = await loadCrc64();
const crcOf = (text: string) => crc64(Buffer.from(text));

/** State of an object that holds `text`. */
function holding(text: string, changes: Partial<ObjectState> = {}): ObjectState {
  const state = { length: Buffer.byteLength(text), crc64: crcOf(text) };
  return { ...state, appendable: true, sealed: false, ...changes };
}

function expecting(before: string, chunk: string, changes: Partial<Expectation> = {}): Expectation {
  const object = { position: Buffer.byteLength(before), crc64: crcOf(before) };
  return { ...object, chunk: Buffer.from(chunk), ...changes };
}

interface Row {
  readonly scenario: string;
  readonly expected: Expectation;
  readonly found: ObjectState | undefined;
  readonly outcome: Reconciliation;
}

const appendTo = expecting('head', 'chunk');
const create = expecting('', 'chunk');
const createEmpty = expecting('', '');
const ours = { before: crcOf('head'), after: crcOf('headchunk') };
const hidden = { crc64: undefined };

const notCommitted: Row[] = [
  {
    scenario: 'the object has not changed',
    expected: appendTo,
    found: holding('head'),
    outcome: { outcome: 'not-committed', crc64: ours.before },
  },
  {
    scenario: 'the object still does not exist',
    expected: create,
    found: undefined,
    outcome: { outcome: 'not-committed', crc64: 0n },
  },
  {
    scenario: 'the object is still empty',
    expected: create,
    found: holding(''),
    outcome: { outcome: 'not-committed', crc64: 0n },
  },
  {
    scenario: 'the empty object to create does not exist',
    expected: createEmpty,
    found: undefined,
    outcome: { outcome: 'not-committed', crc64: 0n },
  },
  {
    scenario: 'the length has not changed and the answer lacks the checksum',
    expected: appendTo,
    found: holding('head', hidden),
    outcome: { outcome: 'not-committed', crc64: ours.before },
  },
  {
    scenario: 'the length has not changed and the checksum before was unknown',
    expected: { ...appendTo, crc64: undefined },
    found: holding('head'),
    outcome: { outcome: 'not-committed', crc64: ours.before },
  },
  {
    scenario: 'the length has not changed and no checksum is known',
    expected: { ...appendTo, crc64: undefined },
    found: holding('head', hidden),
    outcome: { outcome: 'not-committed', crc64: undefined },
  },
];

const committed: Row[] = [
  {
    scenario: 'the object is longer by the chunk',
    expected: appendTo,
    found: holding('headchunk'),
    outcome: { outcome: 'committed', crc64: ours.after },
  },
  {
    scenario: 'the object has been created with the chunk',
    expected: create,
    found: holding('chunk'),
    outcome: { outcome: 'committed', crc64: crcOf('chunk') },
  },
  {
    scenario: 'the object is longer by the chunk and sealed',
    expected: appendTo,
    found: holding('headchunk', { sealed: true }),
    outcome: { outcome: 'committed', crc64: ours.after },
  },
  {
    scenario: 'the object is longer by the chunk and not appendable',
    expected: appendTo,
    found: holding('headchunk', { appendable: false }),
    outcome: { outcome: 'committed', crc64: ours.after },
  },
  {
    scenario: 'the empty object exists',
    expected: createEmpty,
    found: holding(''),
    outcome: { outcome: 'committed', crc64: 0n },
  },
  {
    scenario: 'the empty object exists and the answer lacks the checksum',
    expected: createEmpty,
    found: holding('', hidden),
    outcome: { outcome: 'committed', crc64: 0n },
  },
  {
    scenario: 'the empty object exists and is sealed',
    expected: createEmpty,
    found: holding('', { sealed: true }),
    outcome: { outcome: 'committed', crc64: 0n },
  },
];

const partial: Row[] = [1, 2, 3, 4].flatMap((byteLength) => {
  const landed = 'chunk'.slice(0, byteLength);
  const outcome = (text: string) =>
    ({ outcome: 'partial', byteLength, crc64: crcOf(text) }) as const;
  return [
    {
      scenario: `${byteLength} of 5 bytes are after the position`,
      expected: appendTo,
      found: holding(`head${landed}`),
      outcome: outcome(`head${landed}`),
    },
    {
      scenario: `the object has been created with ${byteLength} of 5 bytes`,
      expected: create,
      found: holding(landed),
      outcome: outcome(landed),
    },
    {
      scenario: `${byteLength} of 5 bytes are there and the object is sealed`,
      expected: appendTo,
      found: holding(`head${landed}`, { sealed: true }),
      outcome: outcome(`head${landed}`),
    },
  ];
});

const diverged: Row[] = [
  { scenario: 'the object is one byte shorter than it was', expected: appendTo, text: 'hea' },
  { scenario: 'the object has become empty', expected: appendTo, text: '' },
  { scenario: 'the object is gone', expected: appendTo, text: undefined },
  { scenario: 'the object of an empty chunk is gone', expected: expecting('head', '') },
  { scenario: 'other bytes of the same length are there', expected: appendTo, text: 'HEAD' },
  {
    scenario: "another writer's bytes have the length of the chunk",
    expected: appendTo,
    text: 'headCHUNK',
  },
  { scenario: 'the chunk is there after other bytes', expected: appendTo, text: 'HEADchunk' },
  { scenario: 'the length is that of a part of the chunk', expected: appendTo, text: 'headxy' },
  { scenario: 'the length is that of one byte of the chunk', expected: appendTo, text: 'headx' },
  { scenario: 'one byte follows the chunk', expected: appendTo, text: 'headchunk+' },
  { scenario: 'the chunk is there twice', expected: appendTo, text: 'headchunkchunk' },
  { scenario: 'another writer created the object', expected: create, text: 'other' },
  { scenario: 'another writer created a shorter object', expected: create, text: 'oth' },
  { scenario: 'the object to create empty has a byte', expected: createEmpty, text: 'x' },
]
  .map(({ scenario, expected, text }) => ({
    scenario,
    expected,
    found: text === undefined ? undefined : holding(text),
    outcome: { outcome: 'diverged' as const, actualLength: text?.length ?? 0 },
  }))
  .flatMap((row) => {
    const { found } = row;
    if (found === undefined) return [row];
    const changed = (scenario: string, changes: Partial<ObjectState>) => ({
      ...row,
      scenario: `${row.scenario}, ${scenario}`,
      found: { ...found, ...changes },
    });
    return [
      row,
      changed('sealed', { sealed: true }),
      changed('not appendable', { appendable: false, objectType: 'Normal' }),
    ];
  });

const divergedByLength: Row[] = [3, 10, 0].flatMap((length) =>
  [
    { side: 'the answer', expected: appendTo, checksum: undefined },
    { side: 'what was before', expected: { ...appendTo, crc64: undefined }, checksum: ours.before },
  ].map(({ side, expected, checksum }) => ({
    scenario: `the length is ${length} and ${side} lacks the checksum`,
    expected,
    found: { length, crc64: checksum, appendable: true, sealed: false },
    outcome: { outcome: 'diverged', actualLength: length },
  })),
);

const notAppendable: Row[] = [
  {
    scenario: 'the object has not changed, but is sealed',
    expected: appendTo,
    found: holding('head', { sealed: true }),
  },
  {
    scenario: 'the object has not changed, but is not appendable',
    expected: appendTo,
    found: holding('head', { appendable: false, objectType: 'Normal' }),
  },
  {
    scenario: 'the object is still empty, but not appendable',
    expected: create,
    found: holding('', { appendable: false, objectType: 'Normal' }),
  },
  {
    scenario: 'the length has not changed, it is sealed, and the answer lacks the checksum',
    expected: appendTo,
    found: holding('head', { sealed: true, ...hidden }),
  },
  {
    scenario: 'the length has not changed, it is sealed, and the checksum before was unknown',
    expected: { ...appendTo, crc64: undefined },
    found: holding('head', { sealed: true }),
  },
].map((row) => ({ ...row, outcome: { outcome: 'not-appendable', state: row.found } }));

const unproven: Row[] = ['headc', 'headchun', 'headchunk', 'headCHUNK'].flatMap((text) =>
  [
    { side: 'the answer lacks the checksum', expected: appendTo, found: holding(text, hidden) },
    {
      side: 'that before the chunk is unknown',
      expected: { ...appendTo, crc64: undefined },
      found: holding(text),
    },
    {
      side: 'no checksum is known',
      expected: { ...appendTo, crc64: undefined },
      found: holding(text, hidden),
    },
    {
      side: 'the answer lacks the checksum, sealed',
      expected: appendTo,
      found: holding(text, { ...hidden, sealed: true }),
    },
  ].map(({ side, expected, found }) => ({
    scenario: `the length is ${text.length} (${text}) and ${side}`,
    expected,
    found,
    outcome: { outcome: 'unproven', state: found },
  })),
);

const zeroValues: Row[] = [
  {
    scenario: 'a checksum of 0 is found where another was expected',
    expected: appendTo,
    found: holding('head', { crc64: 0n }),
    outcome: { outcome: 'diverged', actualLength: 4 },
  },
  {
    scenario: 'a checksum of 0 was expected and another is found',
    expected: { ...appendTo, crc64: 0n },
    found: holding('head'),
    outcome: { outcome: 'diverged', actualLength: 4 },
  },
  {
    scenario: 'a checksum of 0 was expected and is found',
    expected: { ...appendTo, crc64: 0n },
    found: holding('head', { crc64: 0n }),
    outcome: { outcome: 'not-committed', crc64: 0n },
  },
  {
    scenario: 'a checksum of 0 is found after the chunk',
    expected: appendTo,
    found: holding('headchunk', { crc64: 0n }),
    outcome: { outcome: 'diverged', actualLength: 9 },
  },
  {
    scenario: 'a checksum of 0 is found after a part of the chunk',
    expected: appendTo,
    found: holding('headch', { crc64: 0n }),
    outcome: { outcome: 'diverged', actualLength: 6 },
  },
];

describe('reconcile()', () => {
  const table = [
    ...notCommitted,
    ...committed,
    ...partial,
    ...diverged,
    ...divergedByLength,
    ...notAppendable,
    ...unproven,
    ...zeroValues,
  ];

  test.each(table)('returns $outcome.outcome when $scenario', ({ expected, found, outcome }) => {
    expect(reconcile(expected, found, crc64)).toEqual(outcome);
  });

  test('treats a checksum of 0 after the chunk as a value', () => {
    const zero = () => 0n;

    expect(reconcile(create, holding('chunk', { crc64: 0n }), zero)).toEqual({
      outcome: 'committed',
      crc64: 0n,
    });
  });

  test('computes no checksum if the length alone decides', () => {
    const refuse = () => {
      throw new Error('computed a checksum');
    };

    for (const text of ['', 'hea', 'head', 'headchunk+']) {
      expect(() => reconcile(appendTo, holding(text), refuse)).not.toThrow();
    }
    expect(() => reconcile(appendTo, undefined, refuse)).not.toThrow();
  });

  const bytes = (minLength = 0) => fc.uint8Array({ minLength, maxLength: 40 });

  function stateOf(object: Uint8Array): ObjectState {
    const length = object.byteLength;
    return { length, crc64: crc64(object), appendable: true, sealed: false };
  }

  test('returns the truth for any object, chunk and landed part', () => {
    fc.assert(
      fc.property(bytes(), bytes(), fc.nat(), (before, chunk, seed) => {
        const landed = seed % (chunk.byteLength + 1);
        const object = Buffer.concat([before, chunk.subarray(0, landed)]);
        const found = stateOf(object);
        const expected = { position: before.byteLength, crc64: crc64(before), chunk };
        const outcome =
          landed === chunk.byteLength ? 'committed' : landed === 0 ? 'not-committed' : 'partial';

        expect(reconcile(expected, found, crc64)).toEqual({
          outcome,
          crc64: found.crc64,
          ...(outcome === 'partial' ? { byteLength: landed } : {}),
        });
      }),
      { numRuns: 300 },
    );
  });

  test('returns diverged when any one byte of the object differs', () => {
    fc.assert(
      fc.property(
        bytes(),
        bytes(1),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (before, chunk, seed, at, mask) => {
          const landed = (seed % chunk.byteLength) + 1;
          const object = Buffer.concat([before, chunk.subarray(0, landed)]);
          const index = at % object.byteLength;
          object.writeUInt8(object.readUInt8(index) ^ mask, index);
          const expected = { position: before.byteLength, crc64: crc64(before), chunk };

          expect(reconcile(expected, stateOf(object), crc64)).toEqual({
            outcome: 'diverged',
            actualLength: object.byteLength,
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('reconcileByBytes()', () => {
  const rows: {
    scenario: string;
    expected: Expectation;
    found: ObjectState;
    outcome: SettledReconciliation;
  }[] = [
    {
      scenario: 'the chunk matches and its checksum follows from the one before',
      expected: appendTo,
      found: holding('headchunk', hidden),
      outcome: { outcome: 'committed', crc64: ours.after },
    },
    {
      scenario: 'the chunk matches and the answer has the checksum',
      expected: { ...appendTo, crc64: undefined },
      found: holding('headchunk'),
      outcome: { outcome: 'committed', crc64: ours.after },
    },
    {
      scenario: 'the chunk matches and no checksum is known',
      expected: { ...appendTo, crc64: undefined },
      found: holding('headchunk', hidden),
      outcome: { outcome: 'committed', crc64: undefined },
    },
    {
      scenario: 'a part matches and its checksum follows from the one before',
      expected: appendTo,
      found: holding('headch', hidden),
      outcome: { outcome: 'partial', byteLength: 2, crc64: crcOf('headch') },
    },
    {
      scenario: 'a part matches and no checksum is known',
      expected: { ...appendTo, crc64: undefined },
      found: holding('headch', hidden),
      outcome: { outcome: 'partial', byteLength: 2, crc64: undefined },
    },
    {
      scenario: 'a part matches and the object is sealed',
      expected: appendTo,
      found: holding('headch', { ...hidden, sealed: true }),
      outcome: { outcome: 'partial', byteLength: 2, crc64: crcOf('headch') },
    },
    {
      scenario: 'the answer has a checksum of 0',
      expected: { ...appendTo, crc64: undefined },
      found: holding('headchunk', { crc64: 0n }),
      outcome: { outcome: 'committed', crc64: 0n },
    },
    {
      scenario: 'the checksum before is 0',
      expected: create,
      found: holding('chunk', hidden),
      outcome: { outcome: 'committed', crc64: crcOf('chunk') },
    },
  ];

  test.each(rows)('returns $outcome.outcome when $scenario', ({ expected, found, outcome }) => {
    expect(reconcileByBytes(expected, found, true, crc64)).toEqual(outcome);
  });

  test.each(rows)(
    'returns diverged when the bytes differ and otherwise $scenario',
    ({ expected, found }) => {
      expect(reconcileByBytes(expected, found, false, crc64)).toEqual({
        outcome: 'diverged',
        actualLength: found.length,
      });
    },
  );
});
