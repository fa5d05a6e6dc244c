// The long form of the proof that `oss-append tail -f` prints every line once and in order across
// rollover, while writers and readers are killed at random.
import { formatByteSize, formatDuration } from '../../../src/quantity.js';
import { Stage } from '../fault-matrix/stage.js';
import { followWriters } from './follow-writers.js';

const rounds = 5;
const startedAt = performance.now();
const problems: string[] = [];
let stopped = 0;
let killed = 0;

await using stage = await Stage.set();
for (let round = 1; round <= rounds; round++) {
  const options = { stops: 12, kills: 8, lineCount: 10_000, longest: 1000 };
  const { objects, lives, readings, ...found } = await followWriters(stage, options);
  const length = objects.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const lines = lives.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  console.log(
    `round ${round}: ${objects.length} objects, ${formatByteSize(length)}, ${lines} lines acknowledged`,
  );
  problems.push(...found.problems.map((problem) => `round ${round}: ${problem}`));
  stopped += lives.length - 1;
  killed += readings.length - 1;
}
for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(
  `${stopped} writers stopped and ${killed} readers killed in ${formatDuration(performance.now() - startedAt)}: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
