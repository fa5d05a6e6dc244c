import { clockTroubles } from './adversary.js';
import type { World } from './world.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Schedules what happens to the clock. */
export function troubleClock({ random, time, limits, chronicle }: World): void {
  const count = random.fork('clock').integer(0, 3);
  for (let number = 0; number < count; number++) {
    const drawn = random.fork(`clock ${number}`);
    const trouble = drawn.weighted(clockTroubles);
    const delay = drawn.next() * drawn.pick([20, 200, 2000]);
    const act = () => {
      chronicle.count('clock', trouble);
      chronicle.tell('clock', () => trouble);
      switch (trouble) {
        case 'leaps':
          time.date += drawn.pick([hour, hour + 1, 25 * hour, 40 * day, 3653 * day]);
          break;
        case 'goes-back':
          time.date -= drawn.pick([1, 10 * minute, 16 * minute, 2 * hour, 3 * day, 1826 * day]);
          break;
        case 'strays': {
          // A clock of 2098 that is put right.
          const astray = 26_298 * day;
          time.date += astray;
          setTimeout(() => {
            time.date -= astray;
            chronicle.tell('clock', () => 'is put right');
          }, delay);
          break;
        }
        case 'stops':
          time.stop(drawn.pick([2000, 70 * minute]));
      }
    };
    if (!limits.without?.has(trouble)) setTimeout(act, delay);
  }
}
