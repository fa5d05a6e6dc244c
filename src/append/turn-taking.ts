import { nodeTimers } from '../timers/node-timers.js';

/** Commits after a conflict for which another writer is let go first. */
const yieldsAfterConflict = 16;

/** Commits after which it is let go first in any case, as it may never have had a turn. */
const commitsPerYield = 32;

/** Durations of an append by which the longest pause grows with each commit without a conflict. */
const pauseGrowth = 0.5;

/** Most durations of an append that a pause takes. */
const mostDurations = 4;

/** Most milliseconds of a pause: a process that was stopped measures appends of any length. */
const longestPause = 1000;

/**
 * Shares an object with other writers by letting another one go first now and then. Without that the
 * writer that has just won would win again and again: it is the first to know the new end.
 */
export class TurnTaking {
  #timer: NodeJS.Timeout | undefined;

  /** Commits for which another writer is still let go first. */
  #yields = 0;

  /** Commits since the last pause. */
  #commits = 0;

  /** Whether another writer is let go first. */
  get isYielding(): boolean {
    return this.#timer !== undefined;
  }

  /**
   * Bytes have been committed. If another writer is to be let go first, calls back after a random pause.
   * It is short after a conflict, and grows while no other writer has a turn: one whose appends take
   * longer, because it is far away, needs more time.
   *
   * @param hasConflicted Whether another writer was faster before.
   * @param duration Milliseconds of the last append.
   * @returns Whether it will call back.
   */
  yieldAfterCommit(hasConflicted: boolean, duration: number, onTurn: () => void): boolean {
    this.#yields = hasConflicted ? yieldsAfterConflict : Math.max(0, this.#yields - 1);
    this.#commits++;
    if (this.#yields === 0 && this.#commits < commitsPerYield) return false;
    this.#commits = 0;
    const pause = Math.random() * Math.min(this.#durations * duration, longestPause);
    this.#timer = nodeTimers.setTimeout(() => {
      this.#timer = undefined;
      onTurn();
    }, pause);
    return true;
  }

  /** Durations of an append that the next pause takes at most. */
  get #durations(): number {
    if (this.#yields === 0) return 1;
    const commits = yieldsAfterConflict - this.#yields + 1;
    return Math.min(pauseGrowth * commits, mostDurations);
  }

  close(): void {
    nodeTimers.clearTimeout(this.#timer);
  }
}
