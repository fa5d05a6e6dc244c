import type { TerminatingSignal } from '../exit-code.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly TerminatingSignal[];

/** Milliseconds in which one stop may be told several times. */
const repetitionTime = 1000;

export interface ShutdownListener {
  /** Called with the first signal. */
  readonly onStop: (signal: TerminatingSignal) => void;

  /** Called with every other one that somebody sent because the first took too long. */
  readonly onHurry: (signal: TerminatingSignal) => void;
}

/**
 * Listens for the process being told to stop, until it ends: a signal that nobody listens to would
 * end it in the middle of its last words.
 *
 * One stop may arrive as several signals. npm passes on what the terminal has sent to everybody
 * already, `timeout` signals its child and then the group, a shell and the kernel both say that the
 * terminal is gone, and systemd can send SIGHUP right behind SIGTERM.
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

  /** What told the process to stop, if anything has. */
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
    // A terminal that is gone is nobody's hurry, whatever came before.
    const isAlike = [this.#first.signal, 'SIGHUP'].includes(signal);
    if (isAlike && now - this.#first.at < repetitionTime) return;
    this.#listener.onHurry(signal);
  }
}
