import type { TerminatingSignal } from '../exit-code.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly TerminatingSignal[];

/** Milliseconds within which several signals may belong to one stop. */
const repetitionTime = 1000;

export interface ShutdownListener {
  /** Called with the first signal. */
  readonly onStop: (signal: TerminatingSignal) => void;

  /** Called with every later signal that does not belong to the same stop. */
  readonly onForce: (signal: TerminatingSignal) => void;
}

/**
 * Listens for signals to stop until the process exits: without a listener, a signal would end it in
 * the middle of its last work.
 *
 * One stop may arrive as several signals. npm forwards a signal that the terminal has already sent
 * to the whole group, `timeout` signals its child and then the group, shell and kernel both report
 * that the terminal is gone, and systemd can send SIGHUP right after SIGTERM.
 */
export class Shutdown {
  readonly #listener: ShutdownListener;
  #first: { readonly signal: TerminatingSignal; readonly at: number } | undefined;

  constructor(listener: ShutdownListener) {
    this.#listener = listener;
    for (const signal of signals) {
      process.on(signal, () => this.#receive(signal));
    }
  }

  /** The first signal received. */
  get signal(): TerminatingSignal | undefined {
    return this.#first?.signal;
  }

  #receive(signal: TerminatingSignal): void {
    const now = performance.now();
    if (this.#first === undefined) {
      this.#first = { signal, at: now };
      this.#listener.onStop(signal);
      return;
    }
    // SIGHUP also follows other signals: the terminal closes, or systemd sends both.
    const isSameStop = [this.#first.signal, 'SIGHUP'].includes(signal);
    if (isSameStop && now - this.#first.at < repetitionTime) return;
    this.#listener.onForce(signal);
  }
}
