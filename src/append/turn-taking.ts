import { nodeTimers } from '../timers/node-timers.js';

/**
 * Shares an object with other writers: after a conflict it lets another one go first. Without that the
 * same writer would win again and again.
 */
export class TurnTaking {
  #timer: NodeJS.Timeout | undefined;

  /** Whether another writer is let go first. */
  get isYielding(): boolean {
    return this.#timer !== undefined;
  }

  /**
   * Calls back after a random part of the time that an append takes.
   *
   * @param duration Milliseconds of the last append.
   */
  yield(duration: number, onTurn: () => void): void {
    this.#timer = nodeTimers.setTimeout(() => {
      this.#timer = undefined;
      onTurn();
    }, Math.random() * duration);
  }

  close(): void {
    nodeTimers.clearTimeout(this.#timer);
  }
}
