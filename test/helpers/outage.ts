import { expect } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';

/** Has OSS refuse appends, calls `act` when it has refused one, and ends when it has another. */
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
