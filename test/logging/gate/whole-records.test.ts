import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Place } from '../../../src/buffer/acknowledgements.js';
import { DropCounter } from '../../../src/logging/gate/drop-counter.js';
import { RecordDelimiter } from '../../../src/logging/gate/record-delimiter.js';
import { WholeRecords } from '../../../src/logging/gate/whole-records.js';

type Told = 'committed' | 'dropped' | Place;

/** Records behind a destination that commits what it gets at once. */
function open(
  maxLength: number,
  delimiter: string | Uint8Array = '\n',
  placed = (place: Place) => place,
) {
  const passed: Buffer[] = [];
  const drops = { count: 0, byteLength: 0 };
  const counter = new DropCounter(false, (drop) => {
    drops.count += drop.count;
    drops.byteLength += drop.byteLength;
  });
  const end = () => passed.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const records = new WholeRecords(
    {
      write: (data, callback) => {
        passed.push(Buffer.from(data as string));
        callback?.(null);
      },
      append: async (bytes) => {
        const start = end();
        passed.push(Buffer.from(bytes));
        return placed({ key: 'log', start, end: end() });
      },
    },
    new RecordDelimiter(delimiter),
    maxLength,
    counter,
  );
  const told: (Told | undefined)[] = [];
  return {
    records,
    drops,
    told,
    get text() {
      return Buffer.concat(passed).toString('latin1');
    },
    write: (data: string | Uint8Array) => {
      const index = told.push(undefined) - 1;
      records.write(data, (error) => {
        if (told[index] !== undefined) throw new Error('called twice');
        told[index] = error ? 'dropped' : 'committed';
      });
    },
    append: (data: string) => {
      const index = told.push(undefined) - 1;
      records.append(Buffer.from(data)).then(
        (place) => {
          told[index] = place;
        },
        () => {
          told[index] = 'dropped';
        },
      );
    },
  };
}

test.each(['\n', '\r\n', 'END\n', Buffer.from([0xff, 0xfe])])(
  'passes on whole records that are not too long, once and in order, with the delimiter %o',
  async (delimiter) => {
    const end = Buffer.from(delimiter as string);
    const script = fc.record({
      lengths: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 30 }),
      cuts: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }),
      maxLength: fc.integer({ min: end.byteLength, max: 25 }),
    });
    await fc.assert(
      fc.asyncProperty(script, async ({ lengths, cuts, maxLength }) => {
        const stage = open(maxLength, delimiter);
        const all = lengths.map((length) => Buffer.concat([Buffer.alloc(length, 'x'), end]));
        const source = Buffer.concat(all);
        const writes: { start: number; end: number }[] = [];
        let offset = 0;
        for (const cut of cuts) {
          const piece = source.subarray(offset, offset + cut);
          writes.push({ start: offset, end: offset + piece.byteLength });
          offset += piece.byteLength;
          stage.write(piece);
          expect(stage.records.byteLength).toBeLessThanOrEqual(maxLength);
        }
        await turn();

        let at = 0;
        let expected = '';
        const dropped: { start: number; end: number }[] = [];
        for (const { byteLength } of all) {
          const isKept = byteLength <= maxLength;
          if (at + byteLength <= offset && isKept) {
            expected += source.toString('latin1', at, at + byteLength);
          } else if (at + maxLength < offset && !isKept) {
            dropped.push({ start: at, end: Math.min(at + byteLength, offset) });
          }
          at += byteLength;
        }
        expect(stage.text).toBe(expected);
        expect(stage.drops).toEqual({
          count: dropped.length,
          byteLength: dropped.reduce((sum, { start, end }) => sum + end - start, 0),
        });
        const held = offset - stage.records.byteLength;
        for (const [index, write] of writes.entries()) {
          if (write.start === write.end) continue;
          const isDropped = dropped.some(
            ({ start, end }) => write.start < end && start < write.end,
          );
          const isHeld = write.end > held;
          const answer = isHeld ? undefined : 'committed';
          expect(stage.told[index]).toBe(isDropped ? 'dropped' : answer);
        }
        const rest = source.toString('latin1', held, offset);
        stage.records.end();
        expect(stage.text).toBe(expected + rest);
        await turn();
        expect(stage.told).not.toContain(undefined);
      }),
      { numRuns: 200 },
    );
  },
);

describe('append()', () => {
  const place = (start: number, end: number) => ({ key: 'log', start, end });

  test('names the place of data that begins and ends within records', async () => {
    const { append, write, records, told } = open(100);
    write('be');
    append('gun\nand');
    write(' finished\nnext');
    records.end();
    await turn();

    expect(told).toEqual(['committed', place(2, 9), 'committed']);
  });

  test('passes on its data as a whole, also when it is longer than a record may be', async () => {
    const stage = open(8);
    stage.append('one\ntwo\nthree\nf');
    expect(stage.text).toBe('');
    stage.append('our\n');
    await turn();

    expect(stage.text).toBe('one\ntwo\nthree\nfour\n');
    expect(stage.told).toEqual([place(0, 15), place(15, 19)]);
  });

  test.each([
    { what: 'other writers’ records between them', place: place(100, 130) },
    { what: 'lost the first of them', place: place(0, 10) },
  ])('names the place of all that was joined where the object has $what', async (given) => {
    const stage = open(8, '\n', () => given.place);
    stage.append('one\ntwo\nthree\nf');
    stage.append('our\n');
    await turn();

    expect(stage.told).toEqual([given.place, given.place]);
  });

  test('drops all of its data if a record of it is too long, and goes on behind it', async () => {
    const stage = open(8);
    stage.append('one\nmuch too long\ntwo\n');
    stage.append('also much');
    stage.append(' too long\nthree\n');
    stage.append('four\n');
    await turn();

    expect(stage.text).toBe('three\nfour\n');
    expect(stage.told).toEqual(['dropped', 'dropped', 'dropped', place(6, 11)]);
    expect(stage.drops).toEqual({ count: 4, byteLength: 41 });
  });
});

test('empty writes are called back once what is before them is passed on', async () => {
  const { write, told } = open(8);
  write('');
  write('be');
  write('');
  expect(told).toEqual(['committed', undefined, undefined]);
  write('gun\nmuch too');
  write('');
  write(' long\n');
  await turn();

  expect(told).toEqual(['committed', 'committed', 'committed', 'dropped', 'committed', 'dropped']);
});

test('held bytes are handed back, and their callbacks fail', async () => {
  const { write, records, told } = open(8);
  write('one\ntw');
  const passedOn = records.passedOn?.then(() => 'passed on');

  expect(records.takeRest().toString()).toBe('tw');
  expect(records.byteLength).toBe(0);
  records.fail(new Error('of the stream'));
  await turn();

  expect(told).toEqual(['dropped']);
  expect(await passedOn).toBe('passed on');
});

test('passedOn resolves when the end of the record has come', async () => {
  const { write, records } = open(8);
  expect(records.passedOn).toBeUndefined();
  write('begun');
  let isPassedOn = false;
  records.passedOn?.then(() => {
    isPassedOn = true;
  });
  write('..');
  await turn();
  expect(isPassedOn).toBe(false);
  write('\n');
  await turn();

  expect(isPassedOn).toBe(true);
});
