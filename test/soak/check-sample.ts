import type { Sample } from './resources.js';

/** The exact resources of a process while no request is in flight. */
export interface Holdings extends Pick<Sample, 'handles' | 'listeners' | 'streams' | 'clients'> {
  /** Most connections that may be kept for the next request. */
  readonly mostSockets: number;
}

/** Describes every difference between the resources of a process and the expected ones. */
export function checkSample(sample: Sample, expected: Holdings): string[] {
  const { handles, mostSockets, listeners, streams, clients } = expected;
  const problems: string[] = [];
  const types = new Set([...Object.keys(handles), ...Object.keys(sample.handles)]);
  for (const type of types)
    compare(`active ${type}`, sample.handles[type] ?? 0, handles[type] ?? 0);
  compare('listeners of the shared signal', sample.listeners, listeners);
  compare('streams in memory', sample.streams, streams);
  compare('clients in memory', sample.clients, clients);
  if (sample.sockets > mostSockets) {
    problems.push(`${sample.sockets} open connections instead of at most ${mostSockets}`);
  }
  return problems;

  function compare(what: string, actual: number, wanted: number): void {
    if (actual !== wanted) problems.push(`${actual} ${what} instead of ${wanted}`);
  }
}
