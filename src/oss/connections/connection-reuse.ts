/**
 * Remembers whether the last reuse of a connection failed.
 *
 * A server or a gateway may close connections after each answer without announcing it, or may have
 * dropped idle ones. The next append must not hit the same fault. So, while the last reuse failed,
 * a request without a body, such as the HEAD sent before a retry, is the last one on its
 * connection. If a proxy forwards the requests, every request is: tinyproxy serves one request per
 * connection, and each append would otherwise fail once.
 */
export class ConnectionReuse {
  readonly #onFailure: (() => void) | undefined;
  readonly #isForwarded: boolean;
  #hasFailed = false;

  /**
   * @param onFailure Called whenever a reuse has failed.
   * @param isForwarded Whether a proxy forwards the requests one by one, without a tunnel.
   */
  constructor(onFailure?: () => void, isForwarded = false) {
    this.#onFailure = onFailure;
    this.#isForwarded = isForwarded;
  }

  /** Whether a request should be the last one on its connection. */
  endsWith(hasBody: boolean): boolean {
    return this.#hasFailed && (!hasBody || this.#isForwarded);
  }

  succeeded(): void {
    this.#hasFailed = false;
  }

  failed(): void {
    this.#hasFailed = true;
    this.#onFailure?.();
  }
}
