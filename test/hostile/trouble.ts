import { afterEach, beforeEach, expect } from 'vitest';

const kinds = ['warning', 'unhandledRejection', 'uncaughtException'] as const;

/** Fails each test of the file during which the process emitted a warning or an uncaught error. */
export function watchForTrouble(): void {
  const trouble: unknown[] = [];
  const note = (reason: unknown) => trouble.push(reason);
  beforeEach(() => {
    for (const kind of kinds) process.on(kind, note);
  });
  afterEach(() => {
    for (const kind of kinds) process.off(kind, note);
    expect(trouble.splice(0)).toEqual([]);
  });
}
