/** Subjects of counts; each is a part of the report. */
export type Subject =
  | 'outcome'
  | 'handed back'
  | 'append'
  | 'head'
  | 'get'
  | 'seal'
  | 'sealed'
  | 'network'
  | 'reconcile'
  | 'stranger'
  | 'life'
  | 'clock'
  | 'read'
  | 'rolled'
  | 'conflict'
  | 'waits'
  | 'objects'
  | 'move'
  | 'memory';

/** How often each event of a subject happened. */
export type CountsBySubject = ReadonlyMap<Subject, ReadonlyMap<string, number>>;

/** How often each event happened, by subject. */
export class Counts {
  readonly #counts = new Map<Subject, Map<string, number>>();

  get bySubject(): CountsBySubject {
    return this.#counts;
  }

  add(subject: Subject, name: string, times = 1): void {
    const counts = this.#counts.get(subject) ?? new Map<string, number>();
    if (counts.size === 0) this.#counts.set(subject, counts);
    counts.set(name, (counts.get(name) ?? 0) + times);
  }

  /** Adds the counts of another life. */
  addAll(others: CountsBySubject): void {
    for (const [subject, counts] of others) {
      for (const [name, times] of counts) this.add(subject, name, times);
    }
  }

  /** The counts of one subject. */
  of(subject: Subject): ReadonlyMap<string, number> {
    return this.#counts.get(subject) ?? new Map();
  }

  /** The sum of the counts of some subjects. */
  sum(...subjects: readonly Subject[]): number {
    const times = subjects.flatMap((subject) => [...this.of(subject).values()]);
    return times.reduce((sum, count) => sum + count, 0);
  }
}
