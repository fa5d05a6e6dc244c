import { expect } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';

/** Makes OSS refuse appends, calls `act` after the first refusal, and recovers after another. */
export async function actDuringOutage(emulator: Emulator, act: () => void): Promise<void> {
  const recover = emulator.faults.add({ kind: 'error-503', operation: 'append' });
  await refused(emulator);
  act();
  await refused(emulator);
  recover();
}

async function refused({ requests }: Emulator): Promise<void> {
  const { length } = requests;
  await expect.poll(() => requests.slice(length).some(({ status }) => status === 503)).toBe(true);
}
