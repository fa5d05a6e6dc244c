// Simulates many lives of a stream, or one of them with a log of everything that happens:
//
//   npm run simulate -- --seeds 1000000 --first 20000
//   npm run simulate -- --seed 4711 --moves 3 --patience 2 --without lost,stale
import { parseArguments, type SimulationRequest, UsageError } from './arguments.js';
import { replayCommand } from './limits.js';
import { report } from './report.js';
import { shrink } from './shrink.js';
import { simulate } from './simulation.js';
import { survey } from './survey.js';

/** @returns Whether there was no problem. */
async function run(request: SimulationRequest): Promise<boolean> {
  if (request.kind === 'survey') return surveyAll(request.first, request.count);
  const { seed, limits } = request;
  const { problems } = await simulate(seed, { limits, log: console.log });
  return problems.length === 0;
}

async function surveyAll(first: number, count: number): Promise<boolean> {
  const startedAt = Date.now();
  const { counts, failure } = await survey(first, count);
  if (failure === undefined) {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    console.log(`${count} seeds from ${first} in ${seconds} s: no problems\n\n${report(counts)}`);
    return true;
  }
  const { seed, problems } = failure;
  console.log(`Seed ${seed} fails:\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
  console.log(replayCommand(seed));
  const limits = await shrink((tried) => simulate(seed, { limits: tried }));
  console.log(`${replayCommand(seed, limits)}   (the smallest case that fails)`);
  return false;
}

try {
  process.exitCode = (await run(parseArguments(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
