import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeTimers } from '../../src/timers/node-timers.js';
import { VirtualTime } from './virtual-time.js';

describe('VirtualTime', () => {
  test('keeps its timers when a timer of another instance is cleared', () => {
    const [earlier, later] = [new VirtualTime(() => 0), new VirtualTime(() => 0)];
    const told: string[] = [];
    try {
      earlier.install();
      const ofEarlier = setTimeout(() => told.push('earlier'), 10);
      earlier.uninstall();
      later.install();
      setTimeout(() => told.push('later'), 10);

      clearTimeout(ofEarlier);

      expect([later.step(), later.step()]).toEqual([true, false]);
      expect(told).toEqual(['later']);
    } finally {
      later.uninstall();
    }
  });
});

describe('the clocks of VirtualTime', () => {
  const time = new VirtualTime(() => 0);

  beforeEach(() => time.install());
  afterEach(() => time.uninstall());

  test('are those of the library and of the process', () => {
    expect([nodeTimers.date(), nodeTimers.now()]).toEqual([time.date, time.now]);
    expect([Date.now(), performance.now()]).toEqual([time.date, time.now]);
    time.uninstall();
    expect(Date.now()).not.toBe(time.date);
  });

  test('pass together in whole milliseconds of the date', () => {
    const [date, now] = [time.date, time.now];
    setTimeout(() => {}, 1000);
    time.step();

    expect(time.now - now).toBeGreaterThan(999);
    expect(time.date).toBe(Math.floor(date + time.now - now));
  });

  test('leave timers alone when the date is set', () => {
    const { now } = time;
    setTimeout(() => {}, 1000);
    time.date = Date.UTC(2098, 1, 1);

    expect(Date.now()).toBe(Date.UTC(2098, 1, 1));
    expect(time.now).toBe(now);
    time.step();
    expect(time.now).toBeLessThanOrEqual(now + 1000);
    expect(Date.now()).toBe(Date.UTC(2098, 1, 1) + Math.floor(time.now - now));
  });

  test('go on while the process stands still, which makes timers late', () => {
    const [now, date] = [time.now, time.date];
    const told: string[] = [];
    setTimeout(() => told.push(`second ${time.now - now}`), 2000);
    setTimeout(() => told.push(`first ${time.now - now}`), 1000);
    time.stop(5000);

    expect(time.date).toBe(date + 5000);
    while (time.step());
    expect(told).toEqual(['first 5000', 'second 5000']);
  });
});
