// The long form of test/cli/convert.test.ts: conversions over a network that loses answers and
// delays requests, each killed twenty times at random moments.
import { setTimeout as wait } from 'node:timers/promises';
import { startEmulator } from '../../../src/emulator/index.js';
import { type KilledConversion, killConversion } from './kill-conversion.js';

const rounds = 10;
const killsPerRound = 20;
const results: KilledConversion[] = [];

for (let round = 0; round < rounds; round++) {
  await using emulator = await startEmulator({
    seed: round,
    faults: [
      { kind: 'delay', operation: 'append', probability: 0.8, delay: 20 },
      { kind: 'drop-answer', operation: 'append', probability: 0.05 },
      { kind: 'apply-late', operation: 'append', probability: 0.05, delay: 300 },
      { kind: 'cut-answer', operation: 'get', probability: 0.1 },
      { kind: 'drop-answer', operation: 'head', probability: 0.05 },
    ],
  });
  // Every life is longer, as each has less to send.
  const waits = Array.from({ length: killsPerRound }, () => () => wait(200 + Math.random() * 600));
  const options = { name: `round-${round}`, byteLength: 2_000_000, chunkSize: 4096, waits };
  const result = await killConversion(emulator, options);
  results.push(result);
  console.log(`round ${round}: killed ${result.kills} times, ${result.bytesStored} bytes stored`);
}

const problems = results.flatMap((result) => result.problems);
const kills = results.reduce((sum, result) => sum + result.kills, 0);
for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(`${rounds} conversions, killed ${kills} times: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
