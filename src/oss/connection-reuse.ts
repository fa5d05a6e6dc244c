/**
 * What became of the last connection that was used more than once.
 *
 * A server, or what stands before it, may close connections behind each answer without having said
 * so, or have forgotten those that were idle. What the next request is sent on must not have the same
 * fault: while the last reuse failed, a request without a body, as whoever is in doubt sends before
 * the next attempt, takes its connection down with it.
 */
export class ConnectionReuse {
  readonly #onFailure: (() => void) | undefined;
  #hasFailed = false;

  /** @param onFailure Called whenever a reuse has failed. */
  constructor(onFailure?: () => void) {
    this.#onFailure = onFailure;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  succeeded(): void {
    this.#hasFailed = false;
  }

  failed(): void {
    this.#hasFailed = true;
    this.#onFailure?.();
  }
}
