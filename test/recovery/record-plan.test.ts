import { describe, expect, test } from 'vitest';
import { divideAtRecords } from '../../src/recovery/record-plan.js';
import type { AppendPlan, Claim } from '../../src/recovery/replay-plan.js';
import type { SeriesPlan } from '../../src/recovery/series-plan.js';

const mebibyte = 2 ** 20;
const delimiter = Buffer.from('\r\n');

const claim: Claim = { position: 100, byteLength: 0, doubtful: 0, replay: undefined };
const plan = {
  action: 'append',
  position: 100,
  start: 0,
  firstChunkSize: 3,
  chunkSize: 3,
} as const;

/** Records of so many bytes, and the beginning of one more. */
function records(...lengths: number[]): Buffer {
  const whole = lengths.map((length) => Buffer.concat([Buffer.alloc(length - 2), delimiter]));
  return Buffer.concat([...whole, Buffer.from('rest')]);
}

interface Change {
  readonly plan?: Partial<AppendPlan>;
  readonly doubtful?: number;
}

function divide(bytes: Buffer, change: Change = {}): SeriesPlan {
  const { byteLength } = bytes;
  const { doubtful = 0 } = change;
  const sent = { ...claim, byteLength, doubtful };
  return divideAtRecords({ ...plan, ...change.plan }, sent, bytes, delimiter);
}

describe('divideAtRecords()', () => {
  test('appends at once what fits into one chunk, an unfinished record too', () => {
    expect(divide(records(10, 20))).toEqual({ ...plan, firstChunkSize: 34 });
  });

  test.each([
    {
      what: 'after the last whole record',
      lengths: [mebibyte, 2 * mebibyte, 2 * mebibyte],
      chunk: 3 * mebibyte,
    },
    { what: 'after a record that fills it', lengths: [4 * mebibyte, 10], chunk: 4 * mebibyte },
    { what: 'behind a record that is longer', lengths: [5 * mebibyte, 10], chunk: 5 * mebibyte },
  ])('ends a chunk $what', ({ lengths, chunk }) => {
    expect(divide(records(...lengths))).toEqual({
      ...plan,
      firstChunkSize: chunk,
      byteLength: chunk,
    });
  });

  test('takes the rest where no record ends', () => {
    const bytes = Buffer.alloc(5 * mebibyte);

    expect(divide(bytes)).toEqual({ ...plan, firstChunkSize: bytes.byteLength });
  });

  test('makes chunks of a long file longer, because the file is rewritten before each', () => {
    const bytes = records(...Array.from({ length: 100 }, () => mebibyte));

    expect(divide(bytes)).toMatchObject({ byteLength: 6 * mebibyte });
  });

  test('begins behind what has landed', () => {
    const bytes = records(mebibyte, 3 * mebibyte, 2 * mebibyte);

    expect(divide(bytes, { plan: { start: mebibyte, position: 100 + mebibyte } })).toMatchObject({
      start: mebibyte,
      byteLength: 3 * mebibyte,
    });
  });

  test('settles a chunk that may have landed as it was sent, and nothing else', () => {
    const bytes = records(10, 20);

    expect(divide(bytes, { doubtful: 7, plan: { firstChunkSize: 7 } })).toMatchObject({
      firstChunkSize: 7,
      byteLength: 7,
    });
  });

  test('keeps whole what cannot land any more, since the object is longer', () => {
    expect(divide(records(10, 20), { doubtful: 7, plan: { position: 200 } })).toEqual({
      ...plan,
      position: 200,
      firstChunkSize: 34,
    });
  });

  test.each([{ action: 'nothing' }, { action: 'refuse', reason: 'shorter' }] as const)(
    'leaves other plans as they are: $action',
    (other) => {
      expect(divideAtRecords(other, claim, records(10), delimiter)).toBe(other);
    },
  );
});
