import type { AppendClient, ObjectState } from '../append/append-client.js';
import { askUntilAnswered } from '../append/ask-until-answered.js';
import { checkedState } from '../append/object-probe.js';
import { RequestRunner, type RequestRunnerOptions } from '../append/request-runner.js';
import {
  FailedAttempt,
  judge,
  pause,
  pauseAfter,
  type RetryNotice,
  type RetryOptions,
} from '../append/retry-policy.js';
import { RetriesExhaustedError } from '../errors.js';
import { discardStream, RangeDownload } from './range-download.js';

/** What reading needs of a client. */
export type ReadClient = Pick<AppendClient, 'headObject' | 'getObject'>;

export interface ReadRequestsOptions extends RequestRunnerOptions {
  readonly client: ReadClient;
  readonly retry: RetryOptions;
  readonly onRetry: (notice: RetryNotice) => void;
}

/** Bytes of an object which the store said to exist. */
export interface ReadRange {
  readonly start: number;

  /** Exclusive. */
  readonly end: number;

  /** `etag` that the object must have. */
  readonly ifMatch?: string | undefined;

  /** Creates the error for an object that has become shorter, or is gone. */
  readonly refuse: (actualLength: number | undefined) => Error;
}

/** Sends the requests of one reader, one at a time, and repeats those that fail. */
export class ReadRequests {
  readonly #options: ReadRequestsOptions;
  readonly #runner: RequestRunner;

  constructor(options: ReadRequestsOptions) {
    this.#options = options;
    this.#runner = new RequestRunner(options);
  }

  /**
   * Asks for the object `key`, which is read at `position` if there is one.
   *
   * @throws {RetriesExhaustedError} If no request succeeded.
   * @throws The error of a request that no retry can mend.
   */
  head(key: string, position: number | undefined): Promise<ObjectState | undefined> {
    return this.#repeat(key, position, () => this.#head(key));
  }

  /**
   * Reads a range. Goes on where a connection broke; the retries start afresh whenever bytes arrive.
   *
   * @throws The error of `refuse`, and as {@link head}.
   */
  async *range(key: string, range: ReadRange): AsyncGenerator<Uint8Array> {
    const { start, end } = range;
    for (let position = start; position < end; ) {
      const rest = { ...range, start: position };
      const { download, first } = await this.#repeat(key, position, () => this.#open(key, rest));
      try {
        let piece: Uint8Array | undefined = first;
        while (piece !== undefined) {
          position += piece.byteLength;
          yield piece;
          piece = await download.next();
        }
      } catch (thrown) {
        await this.#resume(key, position, thrown);
      } finally {
        download.close();
      }
    }
  }

  /** Starts a download, and waits for its first piece. */
  async #open(key: string, range: ReadRange) {
    const { start, end } = range;
    const started = await this.#start(key, range).catch(async (error) => {
      const { outcome } = judge(error);
      // A missing object is refused like a missing permission.
      if (outcome === 'fatal' || outcome === 'forbidden') await this.#assertLength(key, range);
      throw error;
    });
    if (started !== undefined) return started;
    await this.#assertLength(key, range);
    throw new Error(`The answer to a request for bytes ${start} to ${end} has none`);
  }

  /** Resolves with `undefined` if there are no bytes in the answer. */
  async #start(key: string, { start, end, ifMatch }: ReadRange) {
    const { client, requestTimeout: idleTimeout, signal } = this.#options;
    const stream = await this.#runner.run(
      0,
      (options) => client.getObject(key, { ...options, start, end, ifMatch }),
      discardStream,
    );
    const byteLength = end - start;
    const download = new RangeDownload(stream, { byteLength, idleTimeout, signal });
    const first = await download.next().catch((error) => {
      download.close();
      throw error;
    });
    if (first !== undefined) return { download, first };
    download.close();
    return undefined;
  }

  async #assertLength(key: string, { end, refuse }: ReadRange): Promise<void> {
    const state = await this.#head(key);
    if (state !== undefined && state.length >= end) return;
    throw Object.assign(refuse(state?.length), { outcome: 'fatal' } as const);
  }

  /** Resolves when it is time to go on after a failure in the middle of the bytes, or throws. */
  async #resume(key: string, position: number, thrown: unknown): Promise<void> {
    const { signal, retry, onRetry } = this.#options;
    const { retries = 10 } = retry;
    signal.throwIfAborted();
    const { error, outcome } = judge(thrown);
    if (new FailedAttempt(error, outcome).isPointless) throw error;
    if (retries === 0) {
      throw new RetriesExhaustedError(
        `Cannot read "${key}" at position ${position} after 1 attempt: ${error.message}`,
        { key, position, attempts: 1 },
        { cause: error },
      );
    }
    onRetry({ error, attemptNumber: 1, retriesLeft: retries });
    // Also where bytes arrive each time: else a store that breaks each answer gets no rest.
    await pause(pauseAfter(1, retry), { signal, unref: retry.unref === true });
  }

  async #head(key: string): Promise<ObjectState | undefined> {
    const { client } = this.#options;
    return checkedState(await this.#runner.run(0, (options) => client.headObject(key, options)));
  }

  #repeat<T>(key: string, position: number | undefined, attempt: () => Promise<T>): Promise<T> {
    const { retry, signal, onRetry } = this.#options;
    return askUntilAnswered(attempt, { key, position, retry, signal, onRetry });
  }
}
