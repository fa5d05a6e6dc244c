import type { EventEmitter } from 'node:events';

/** Records the names of `events` in the order in which `emitter` emits them. */
export function eventsOf(emitter: EventEmitter, ...events: string[]): string[] {
  const seen: string[] = [];
  for (const event of events) emitter.on(event, () => seen.push(event));
  return seen;
}
