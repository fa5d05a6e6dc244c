// The long form of the proof of rollover: every trouble with every kind of stream, and writers that are
// killed at every step of a roll and at random.
import { formatDuration } from '../../../src/quantity.js';
import { Remote } from '../../helpers/remote.js';
import { Stage } from '../fault-matrix/stage.js';
import { dieAt, dieAtRandom, rollSteps } from './lives.js';
import { judgeLives } from './lives-judge.js';
import { nameOfRolling, objectsOf, rollingCasesOf, runRolling } from './rolling-case.js';
import { judgeRolling } from './rolling-judge.js';
import { rollingTroubles } from './rolling-trouble.js';
import type { RollingWriterFunctions } from './writer-process.js';

const rounds = 40;
const startedAt = performance.now();
const problems: string[] = [];

await using stage = await Stage.set();

const cases = rollingTroubles.flatMap(rollingCasesOf);
{
  await using writer = new Remote<RollingWriterFunctions>(
    'test/guarantees/rollover/writer-process',
  );
  for (const rollingCase of cases) {
    const result = await runRolling(stage, rollingCase, (job) => writer.call('write', job));
    const found = judgeRolling(rollingCase, result);
    problems.push(...found.map((problem) => `${nameOfRolling(rollingCase)}: ${problem}`));
  }
}
for (const step of rollSteps) {
  const { folder, lives } = await dieAt(stage, step);
  const found = judgeLives(await objectsOf(stage, folder), lives, { maxSize: 640 });
  problems.push(...found.map((problem) => `killed ${step.name}: ${problem}`));
}
let kills = 0;
for (let round = 0; round < rounds; round++) {
  const seal = round % 2 === 0;
  const { folder, lives } = await dieAtRandom(stage, { kills: 5, seal, longest: 100 });
  kills += lives.filter(({ isKilled }) => isKilled).length;
  const found = judgeLives(await objectsOf(stage, folder), lives, { maxSize: 2000 });
  problems.push(...found.map((problem) => `killed at random in round ${round}: ${problem}`));
}

for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(
  `${cases.length} cases of rollover under faults, ${rollSteps.length} kills at its steps and ${kills} at random ` +
    `in ${formatDuration(performance.now() - startedAt)}: ${problems.length === 0 ? 'no problems' : `${problems.length} problems`}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
