import type { AppendWritable } from '../../src/index.js';
import type { Chronicle } from './chronicle.js';
import type { Habit } from './habit.js';
import type { Random } from './random.js';
import type { User } from './user.js';

interface GreedyOptions {
  readonly random: Random;
  readonly chronicle: Chronicle;

  /** Bytes that the stream before handed back, which are written in any case. */
  readonly restLength: number;

  /** Most bytes written in the whole life. */
  readonly mostBytes: number;

  /** Further writes left for this user and those of later streams. */
  readonly budget: { left: number };
}

/** Writes until `write()` returns false, then waits for `'drain'`. */
export class GreedyHabit implements Habit {
  readonly #stream: AppendWritable;
  readonly #user: User;
  readonly #options: GreedyOptions;
  readonly #pieceSize: number;
  #restLeft: number;

  constructor(stream: AppendWritable, user: User, options: GreedyOptions) {
    this.#stream = stream;
    this.#user = user;
    this.#options = options;
    this.#restLeft = options.restLength;
    this.#pieceSize = options.random.pick([700, 5000, 40_000]);
  }

  start(): void {
    this.#stream.on('drain', () => this.#produce());
    setTimeout(() => this.#produce(), this.#options.random.next() * 50);
  }

  hear(): void {}

  wake(): boolean {
    return false;
  }

  #produce(): void {
    const { chronicle, mostBytes, budget } = this.#options;
    const user = this.#user;
    while (!this.#stream.destroyed && !user.isFull) {
      const left = this.#restLeft > 0 ? this.#restLeft : mostBytes - user.written;
      if (left <= 0 || (this.#restLeft === 0 && --budget.left < 0)) {
        if (!this.#stream.writableEnded) user.end();
        return;
      }
      const length = Math.min(left, this.#pieceSize);
      this.#restLeft = Math.max(0, this.#restLeft - length);
      user.write(length);
      chronicle.count('move', 'write');
      if (!user.isFull) continue;
      chronicle.count('move', 'wait for drain');
      chronicle.tell('user', () => `waits for 'drain' at ${user.written}`);
    }
  }
}
