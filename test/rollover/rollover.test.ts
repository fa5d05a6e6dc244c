import { describe, expect, test } from 'vitest';
import { Rollover } from '../../src/rollover/rollover.js';

const create = (showsPeriod = true) =>
  new Rollover({
    keyOf: ({ sequence, startedAt }) => `${startedAt.getTime()}/${sequence}`,
    showsPeriod,
    period: 'a',
    startedAt: 1,
  });

describe('Rollover.next()', () => {
  test('counts the objects of each period from 0', () => {
    const rollover = create();
    rollover.next();
    expect(rollover.key).toBe('1/1');
    rollover.next({ period: 'b', startedAt: 2 });
    expect(rollover.key).toBe('2/0');
    rollover.next({ period: 'b', startedAt: 3 });

    expect(rollover.key).toBe('3/1');
  });

  test('goes on counting in a period that it returns to', () => {
    const rollover = create();
    rollover.next();
    rollover.next({ period: 'b', startedAt: 2 });
    rollover.next({ period: 'a', startedAt: 1 });
    expect(rollover.key).toBe('1/2');
    rollover.next({ period: 'b', startedAt: 2 });

    expect(rollover.key).toBe('2/1');
  });

  test('counts through all periods where keys do not show them', () => {
    const rollover = create(false);
    rollover.next({ period: 'b', startedAt: 2 });

    expect(rollover.key).toBe('2/1');
  });

  test('remembers a thousand periods', () => {
    const rollover = create();
    for (let period = 0; period < 1001; period++) {
      rollover.next({ period: `${period}`, startedAt: 10 + period });
    }
    rollover.next({ period: '1', startedAt: 11 });
    expect(rollover.key).toBe('11/1');
    rollover.next({ period: 'a', startedAt: 1 });

    expect(rollover.key).toBe('1/0');
  });
});

describe('Rollover.postpone()', () => {
  test('does not count an object that nothing was appended to', () => {
    const rollover = create();
    rollover.postpone({ period: 'b', startedAt: 2 });
    rollover.next({ period: 'a', startedAt: 1 });

    expect(rollover.key).toBe('1/0');
  });
});
