import { failure } from '../append/scripted-client.js';
import type { Random } from './random.js';

/** Errors of a request without an answer; those without an outcome leave it unknown too. */
const losses = [
  failure.unanswered,
  failure.unanswered,
  () => new Error('socket hang up'),
  () => new TypeError('terminated'),
];

interface ExchangeOptions {
  readonly random: Random;
  readonly isDeaf: boolean;
  readonly isSteady: boolean;
}

/** One request through a bad network, which delays it. */
export class Exchange<Fate extends string = string> {
  /** Its number among all requests, from 1. */
  readonly number: number;
  readonly fate: Fate;
  readonly random: Random;

  /** Whether its client ignores the signal. */
  readonly isDeaf: boolean;

  /** Whether its signal has fired. */
  isAborted = false;

  /** Whether every request takes as long. */
  readonly #isSteady: boolean;

  constructor(number: number, fate: Fate, { random, isDeaf, isSteady }: ExchangeOptions) {
    this.number = number;
    this.fate = fate;
    this.random = random;
    this.isDeaf = isDeaf;
    this.#isSteady = isSteady;
  }

  /** Whether its caller can still receive the outcome. */
  get isAwaited(): boolean {
    return this.isDeaf || !this.isAborted;
  }

  /** Ends when `work` does, or when the signal fires. */
  async run<T>(
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    onAbort: () => void,
  ): Promise<T> {
    if (signal?.aborted) {
      // Nothing was sent.
      this.isAborted = true;
      throw failure.rejected();
    }
    const aborted = new Promise<never>((_, reject) => {
      const abort = () => {
        this.isAborted = true;
        onAbort();
        if (!this.isDeaf) reject(failure.unanswered());
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
    return Promise.race([work(), aborted]);
  }

  /** Waits up to `most` milliseconds, or not at all. */
  async pause(most: number): Promise<void> {
    if (!this.#isSteady && this.random.chance(0.3)) return;
    const delay = this.#isSteady ? most / 2 : this.random.next() * most;
    await new Promise<void>((resolve) => setTimeout(resolve, delay));
  }

  /** Gets no answer: the connection fails later, or never. */
  async lose(): Promise<never> {
    if (this.random.chance(0.3)) return new Promise<never>(() => {});
    await this.pause(100);
    throw this.random.pick(losses)();
  }

  /** Calls `act` long after the request has ended. */
  later(act: () => void): void {
    setTimeout(act, this.random.pick([5, 50, 500, 5000]) * (1 + this.random.next()));
  }
}
