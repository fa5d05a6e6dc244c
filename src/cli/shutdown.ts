import { exitCode, type TerminatingSignal } from './exit-code.js';
import { complain } from './messages.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly TerminatingSignal[];

/** Listens for the process being told to stop. The second time it stops at once. */
export class Shutdown {
  readonly #onSignal: (signal: TerminatingSignal) => void;
  readonly #listener = (signal: NodeJS.Signals) => this.#receive(signal as TerminatingSignal);
  #signal: TerminatingSignal | undefined;

  /** @param onSignal Called the first time. */
  constructor(onSignal: (signal: TerminatingSignal) => void) {
    this.#onSignal = onSignal;
    for (const signal of signals) process.on(signal, this.#listener);
  }

  /** What told the process to stop, if anything has. */
  get signal(): TerminatingSignal | undefined {
    return this.#signal;
  }

  /** Leaves signals to Node again, which ends the process. */
  close(): void {
    for (const signal of signals) process.off(signal, this.#listener);
  }

  #receive(signal: TerminatingSignal): void {
    if (this.#signal !== undefined) {
      complain(`Stopped at once by a second signal, ${signal}: what was not committed is lost.`);
      // Not 128+n, which says that everything is committed.
      process.exit(exitCode.deadline);
    }
    this.#signal = signal;
    this.#onSignal(signal);
  }
}
