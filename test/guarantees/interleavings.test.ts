import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { OssClient } from '../../src/index.js';
import { anyScript, type Script, survivedScript } from '../helpers/interleaving-script.js';
import { connectionTo } from '../helpers/open-stream.js';
import { ScriptRunner } from '../helpers/script-runner.js';

// When one fails, fast-check prints the seed and the path that replay it.
test.each([
  { scenario: 'faults that a single writer survives', script: survivedScript },
  { scenario: 'other writers, refusals and few retries', script: anyScript },
])(
  'after calls and faults in any order the object holds what the stream reports: $scenario',
  { timeout: 30_000 },
  async ({ script }) => {
    await using emulator = await startEmulator();
    // Keeps the connections open that the clients of the runs share.
    const client = new OssClient(clientOptions(emulator));
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(script, async (given) => {
          const problems = await live(given, emulator, `${++runs}.log`);
          expect([...problems, ...unhandled.splice(0)]).toEqual([]);
        }),
        { numRuns: 300, interruptAfterTimeLimit: 4500 },
      );
    } finally {
      process.off('unhandledRejection', note);
      await client.close();
    }
  },
);

async function live(script: Script, emulator: Emulator, key: string): Promise<string[]> {
  const client = new OssClient(clientOptions(emulator));
  await ScriptRunner.prepare(script, client, key);
  for (const fault of script.faults) emulator.faults.add({ ...fault, key });
  const witness = new ScriptRunner(script, { emulator, client, key });
  try {
    await witness.live();
    return witness.problems;
  } finally {
    emulator.faults.clear();
    await client.close();
  }
}

function clientOptions(emulator: Emulator) {
  const { retry: _, ...options } = connectionTo(emulator);
  return options;
}
