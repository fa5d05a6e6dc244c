// Lives many lives of a stream in a simulated world, or one of them with everything that happens.
//
//   npm run simulate -- --seeds 1000000
//   npm run simulate -- --seed 4711
import { parseArgs } from 'node:util';
import { simulate } from './simulation.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '100000' },
    first: { type: 'string', default: '0' },
  },
});

async function replay(seed: number): Promise<boolean> {
  const { problems, outcome } = await simulate(seed, console.log);
  console.log(outcome);
  for (const problem of problems) console.log(`PROBLEM: ${problem}`);
  return problems.length === 0;
}

async function survey(first: number, count: number): Promise<boolean> {
  const outcomes = new Map<string, number>();
  const fates = new Map<string, number>();
  const startedAt = Date.now();
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate(seed);
    if (result.problems.length > 0) {
      console.log(`Seed ${seed} fails: npm run simulate -- --seed ${seed}`);
      for (const problem of result.problems) console.log(`  ${problem}`);
      return false;
    }
    add(outcomes, result.outcome, 1);
    for (const [fate, times] of result.fates) add(fates, fate, times);
  }
  console.log(`${count} seeds from ${first} in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  print('How the streams ended', outcomes);
  print('What befell their requests and objects', fates);
  return true;
}

function add(counts: Map<string, number>, name: string, times: number): void {
  counts.set(name, (counts.get(name) ?? 0) + times);
}

function print(title: string, counts: ReadonlyMap<string, number>): void {
  console.log(`\n${title}`);
  for (const [name, times] of [...counts].sort(([, left], [, right]) => right - left)) {
    console.log(`  ${String(times).padStart(10)}  ${name}`);
  }
}

const { seed, seeds, first } = values;
const isWell = seed === undefined ? survey(Number(first), Number(seeds)) : replay(Number(seed));
process.exitCode = (await isWell) ? 0 : 1;
