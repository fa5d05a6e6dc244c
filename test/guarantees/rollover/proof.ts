// The long form of the proof of rollover: every trouble with every kind of stream, and writers that are
// killed at every step of a roll and at random.
import { formatDuration } from '../../../src/quantity.js';
import { inParallel } from '../../helpers/in-parallel.js';
import { Remote } from '../../helpers/remote.js';
import { Stage } from '../fault-matrix/stage.js';
import { dieAt, dieAtRandom, rollSteps } from './lives.js';
import { judgeLives } from './lives-judge.js';
import { nameOfRolling, objectsOf, rollingCasesOf, runRolling } from './rolling-case.js';
import { judgeRolling } from './rolling-judge.js';
import { rollingTroubles } from './rolling-trouble.js';
import type { RollingWriterFunctions } from './writer-process.js';

const rounds = 40;

/** Streams and writers at once. */
const most = 8;
const startedAt = performance.now();
const problems: string[] = [];

await using stage = await Stage.set();

const cases = rollingTroubles.flatMap(rollingCasesOf);
{
  await using writer = new Remote<RollingWriterFunctions>(
    'test/guarantees/rollover/writer-process',
  );
  const runs = cases.map((rollingCase) => async () => {
    const result = await runRolling(stage, rollingCase, (job) => writer.call('write', job));
    report(nameOfRolling(rollingCase), judgeRolling(rollingCase, result));
  });
  await inParallel(runs, most);
}
const steps = rollSteps.map((step) => async () => {
  const { folder, lives } = await dieAt(stage, step);
  const found = judgeLives(await objectsOf(stage, folder), lives, { maxSize: 640 });
  report(`killed ${step.name}`, lives[0]?.isKilled ? found : ['it was not killed', ...found]);
});
let kills = 0;
const chains = Array.from({ length: rounds }, (_, round) => async () => {
  const seal = round % 2 === 0;
  const { folder, lives } = await dieAtRandom(stage, { kills: 5, seal, longest: 100 });
  kills += lives.filter(({ isKilled }) => isKilled).length;
  const found = judgeLives(await objectsOf(stage, folder), lives, { maxSize: 2000 });
  report(`killed at random, round ${round}`, found);
});
await inParallel([...steps, ...chains], most / 2);

for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(
  `${cases.length} cases of rollover under faults, ${rollSteps.length} kills at its steps and ${kills} at random ` +
    `in ${formatDuration(performance.now() - startedAt)}: ${problems.length === 0 ? 'no problems' : `${problems.length} problems`}`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

function report(name: string, found: readonly string[]): void {
  console.log(`${found.length === 0 ? 'ok   ' : 'WRONG'}  ${name}`);
  problems.push(...found.map((problem) => `${name}: ${problem}`));
}
