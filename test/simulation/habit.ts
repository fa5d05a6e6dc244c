/** A way to use a stream. */
export interface Habit {
  /** Begins, and goes on until the stream has ended. */
  start(): void;

  /** Called when something happens, from within any call. */
  hear(): void;

  /** Called when nothing moves any more; returns whether it did something. */
  wake(): boolean;
}
