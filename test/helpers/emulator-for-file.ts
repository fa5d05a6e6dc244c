import { afterAll } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { environmentOf } from './command-line.js';

/**
 * An emulator for all tests of the calling file, with the environment variables that lead to it.
 */
export async function startEmulatorForFile(): Promise<{
  readonly emulator: Emulator;
  readonly env: Record<string, string>;
}> {
  const emulator = await startEmulator();
  afterAll(() => emulator.close());
  return { emulator, env: environmentOf(emulator) };
}
