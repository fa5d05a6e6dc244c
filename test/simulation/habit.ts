/** How somebody uses a stream. */
export interface Habit {
  /** Begins, and goes on until the stream has ended. */
  start(): void;

  /** Called when something happens, within whatever call. */
  hear(): void;

  /** Called when nothing moves any more; tells whether that made him do something. */
  wake(): boolean;
}
