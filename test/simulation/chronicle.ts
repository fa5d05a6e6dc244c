import { Counts, type Subject } from './counts.js';

/** Records a life: counts events, logs them if there is a log, and collects problems. */
export class Chronicle {
  readonly problems: string[] = [];
  readonly counts = new Counts();
  readonly #now: () => number;
  readonly #log: ((line: string) => void) | undefined;

  /** @param log Receives every event as a line that begins with its time. */
  constructor(now: () => number, log: ((line: string) => void) | undefined) {
    this.#now = now;
    this.#log = log;
  }

  count(subject: Subject, name: string, times = 1): void {
    this.counts.add(subject, name, times);
  }

  /** @param what Called only if there is a log. */
  tell(who: string, what: () => string): void {
    if (this.#log === undefined) return;
    // Real chance: the same life has another `{id}` each time.
    const text = what().replaceAll(/\bk-[0-9a-f]{8}\b/g, 'k-{id}');
    this.#log(`${this.#now().toFixed(3).padStart(12)}  ${who.padEnd(11)}  ${text}`);
  }

  /** Records a problem: something that must not happen. */
  blame(problem: string): void {
    this.problems.push(problem);
    this.tell('PROBLEM', () => problem);
  }
}
