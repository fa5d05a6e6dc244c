/**
 * What became of the last connection that was used more than once.
 *
 * A server, or what stands before it, may close connections behind each answer without having said
 * so, or have forgotten those that were idle. What the next request is sent on must not have the same
 * fault: while the last reuse failed, a request without a body, as whoever is in doubt sends before
 * the next attempt, takes its connection down with it. Where a proxy passes requests on, every request
 * does: tinyproxy serves one on each connection, and each append would otherwise fail once.
 */
export class ConnectionReuse {
  readonly #onFailure: (() => void) | undefined;
  readonly #isPassedOn: boolean;
  #hasFailed = false;

  /**
   * @param onFailure Called whenever a reuse has failed.
   * @param isPassedOn Whether a proxy passes the requests on, one by one.
   */
  constructor(onFailure?: () => void, isPassedOn = false) {
    this.#onFailure = onFailure;
    this.#isPassedOn = isPassedOn;
  }

  /** Whether a request should be the last one on its connection. */
  endsWith(hasBody: boolean): boolean {
    return this.#hasFailed && (!hasBody || this.#isPassedOn);
  }

  succeeded(): void {
    this.#hasFailed = false;
  }

  failed(): void {
    this.#hasFailed = true;
    this.#onFailure?.();
  }
}
