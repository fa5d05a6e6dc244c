import { describe, expect, test } from 'vitest';
import { Stage } from './fault-matrix/stage.js';
import { lineOf, linesOf } from './rollover/numbered-lines.js';
import { followWriters } from './tail/follow-writers.js';
import { type FollowedLives, judgeTail } from './tail/tail-judge.js';

// The long form, with a hundred processes of each kind, is `npm run proof -- tail`.
test('what readers print is the objects in order, while writers and readers are killed', async () => {
  await using stage = await Stage.set();
  const options = { stops: 1, kills: 1, lineCount: 3000, longest: 100 };

  const { problems, lives, readings } = await followWriters(stage, options);

  expect(problems).toEqual([]);
  expect(lives.map(({ isKilled }) => isKilled)).toEqual([true, false]);
  expect(lives[1]?.acknowledged).toBe(3000);
  expect(readings.map(({ start }) => start !== undefined)).toEqual([false, true]);
});

describe('the judge notices', () => {
  const lines = linesOf(1, 30);
  const textOf = (from: number, to: number) => Buffer.from(lines.slice(from, to).join(''));
  const objects = [0, 10, 20].map((from, index) => ({
    key: `${index}.log`,
    bytes: textOf(from, from + 10),
  }));
  const [, second] = objects;
  const afterSecond = { key: '1.log', position: second?.bytes.byteLength ?? 0 };
  const right: FollowedLives = {
    objects,
    lives: [{ life: 1, isKilled: true, acknowledged: 30, error: undefined }],
    readings: [
      { start: undefined, printed: textOf(0, 20) },
      { start: afterSecond, printed: textOf(20, 30) },
    ],
  };
  const judge = (changes: Partial<FollowedLives>) =>
    judgeTail({ ...right, ...changes }, { maxSize: 1000 });
  const read = (printed: Buffer) => judge({ readings: [{ start: undefined, printed }] });
  const endOf = (count: number) => textOf(0, count).byteLength;

  test('nothing where all is right', () => {
    expect(judge({})).toEqual([]);
  });

  test.each([
    {
      scenario: 'a line that was printed twice',
      problems: read(Buffer.concat([textOf(0, 5), textOf(4, 29)])),
      expected: `reader 1 printed another byte than ${endOf(5) + 'life 1, line '.length}`,
    },
    {
      scenario: 'a line that was left out',
      problems: read(Buffer.concat([textOf(0, 5), textOf(6, 30)])),
      expected: `reader 1 printed another byte than ${endOf(5) + 'life 1, line '.length}`,
    },
    {
      scenario: 'objects in another order',
      problems: read(Buffer.concat([textOf(0, 10), textOf(20, 30), textOf(10, 20)])),
      expected: `reader 1 printed another byte than ${endOf(10) + 'life 1, line '.length}`,
    },
    {
      scenario: 'a reader that did not come to the end',
      problems: read(textOf(0, 29)),
      expected: `the last reader came to byte ${endOf(29)} of ${endOf(30)}`,
    },
    {
      scenario: 'a reader that printed more than there is',
      problems: read(Buffer.concat([textOf(0, 30), Buffer.from(lineOf(2, 0))])),
      expected: `reader 1 printed another byte than ${endOf(30)} of the objects`,
    },
    {
      scenario: 'a reader that begins elsewhere than the one before it came to',
      problems: judge({
        readings: [
          { start: undefined, printed: textOf(0, 19) },
          { start: afterSecond, printed: textOf(20, 30) },
        ],
      }),
      expected: `reader 2 begins at byte ${endOf(20)}: the one before it came to ${endOf(19)}`,
    },
    {
      scenario: 'an acknowledged line that is in no object',
      problems: judge({ lives: [{ ...right.lives[0], acknowledged: 31 } as never] }),
      expected: 'life 1 has 30 lines: 31 were acknowledged',
    },
    {
      scenario: 'writers that did not go on to another object',
      problems: judge({ objects: objects.slice(0, 1), readings: right.readings.slice(0, 0) }),
      expected: 'there are only 1 objects',
    },
  ])('$scenario', ({ problems, expected }) => {
    expect(problems).toContainEqual(expect.stringContaining(expected));
  });
});
