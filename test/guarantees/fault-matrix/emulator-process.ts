// An emulator in its own process, so that a test can kill it.
import {
  type Emulator,
  type EmulatorOptions,
  type Fault,
  startEmulator,
} from 'oss-append-stream/emulator';
import { serve } from '../../helpers/remote.js';

let emulator: Emulator | undefined;

const functions = {
  async start(options: EmulatorOptions) {
    emulator = await startEmulator(options);
    const { endpoint, region, credentials } = emulator;
    return { endpoint, region, credentials };
  },
  addFault(fault: Fault): void {
    emulator?.faults.add(fault);
  },
  clearFaults(): void {
    emulator?.faults.clear();
  },

  /** How many requests for keys of a folder have met a fault. */
  countFaults(folder: string): number {
    const isStruck = (key = '', fault: unknown) =>
      key.startsWith(`${folder}/`) && fault !== undefined;
    return emulator?.requests.filter(({ key, fault }) => isStruck(key, fault)).length ?? 0;
  },
};

export type EmulatorFunctions = typeof functions;

serve(functions);
