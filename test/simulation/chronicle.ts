import { Counts, type Subject } from './counts.js';

/** What happens in a life: counted, told to whoever listens, and blamed where it must not happen. */
export class Chronicle {
  readonly problems: string[] = [];
  readonly counts = new Counts();
  readonly #now: () => number;
  readonly #log: ((line: string) => void) | undefined;

  /** @param log Told of everything, with the time before it. */
  constructor(now: () => number, log: ((line: string) => void) | undefined) {
    this.#now = now;
    this.#log = log;
  }

  count(subject: Subject, name: string): void {
    this.counts.add(subject, name);
  }

  /** @param what Called only where somebody listens. */
  tell(who: string, what: () => string): void {
    this.#log?.(`${this.#now().toFixed(3).padStart(12)}  ${who.padEnd(11)}  ${what()}`);
  }

  /** Notes what must not have happened. */
  blame(problem: string): void {
    this.problems.push(problem);
    this.tell('PROBLEM', () => problem);
  }
}
