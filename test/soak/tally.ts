import type { AppendStatistics } from 'oss-append-stream';

/** Counts the outcomes, the activity and the faults of streams. */
export class Tally {
  /** Number of streams by usage and outcome. */
  readonly outcomes = new Map<string, Map<string, number>>();
  readonly faults = new Map<string, number>();
  readonly totals = { streams: 0, bytes: 0, appends: 0, attempts: 0, retries: 0, reconciles: 0 };
  requests = 0;

  addStream(usage: string, outcome: string, stats: AppendStatistics): void {
    const outcomes = this.outcomes.get(usage) ?? new Map<string, number>();
    this.outcomes.set(usage, outcomes);
    add(outcomes, outcome, 1);
    this.totals.streams++;
    this.totals.bytes += stats.bytesCommitted;
    this.totals.appends += stats.appends;
    this.totals.attempts += stats.attempts;
    this.totals.retries += stats.retries;
    this.totals.reconciles += stats.reconciles;
  }

  addRequests(requests: number, faults: Readonly<Record<string, number>>): void {
    this.requests += requests;
    for (const [kind, times] of Object.entries(faults)) add(this.faults, kind, times);
  }
}

function add(counts: Map<string, number>, name: string, times: number): void {
  counts.set(name, (counts.get(name) ?? 0) + times);
}
