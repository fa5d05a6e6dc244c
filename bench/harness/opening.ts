import type { Figures, Work } from './assignment.js';
import { quantile } from './statistics.js';

/** Opens in turn, and returns the costs per stream. */
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

/** Opens one object and commits a line to it; calls `opened` in between. */
type OpenAndCommit = (key: string, opened: () => void) => Promise<number>;

/** Opens all objects at once, and returns the times of the first and the last. */
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

/** Microseconds of CPU time since `before`. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
