import type { Figures, Work } from './assignment.js';
import { quantile } from './statistics.js';

/** Opens again and again, and says what each time cost. */
export async function eachInTurn(times: number, open: () => Promise<unknown>): Promise<Figures> {
  const cpuBefore = process.cpuUsage();
  const durations: number[] = [];
  while (durations.length < times) {
    const startedAt = performance.now();
    await open();
    durations.push(performance.now() - startedAt);
  }
  return {
    'open p50 ms': quantile(durations, 0.5),
    'open p99 ms': quantile(durations, 0.99),
    'CPU µs/stream': cpuSince(cpuBefore) / times,
  };
}

/** Opens one object and commits a line to it; calls `opened` between them. */
type OpenAndCommit = (key: string, opened: () => void) => Promise<number>;

/** Opens everything at once, and says when the first and the last were there. */
export async function allAtOnce(
  keys: readonly string[],
  openAndCommit: OpenAndCommit,
): Promise<Work> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const opened: number[] = [];
  const committed: number[] = [];
  const elapsed = () => performance.now() - startedAt;
  const lengths = await Promise.all(
    keys.map(async (key) => {
      const byteLength = await openAndCommit(key, () => void opened.push(elapsed()));
      committed.push(elapsed());
      return byteLength;
    }),
  );
  return {
    byteLength: lengths.reduce((sum, byteLength) => sum + byteLength, 0),
    figures: {
      'all open ms': Math.max(...opened),
      'first line ms': Math.min(...committed),
      'all lines ms': Math.max(...committed),
      'CPU µs/stream': cpuSince(cpuBefore) / keys.length,
    },
  };
}

/** Microseconds of the processor's time. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
