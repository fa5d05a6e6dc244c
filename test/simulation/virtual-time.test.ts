import { describe, expect, test } from 'vitest';
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
