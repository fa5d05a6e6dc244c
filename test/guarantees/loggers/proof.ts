// The long form of the proof that no line is lost: more lines, and every alternative.
// Writes bench/results/loggers.md.
import { mkdir, writeFile } from 'node:fs/promises';
import { startEmulator } from 'oss-append-stream/emulator';
import { inParallel } from '../../helpers/in-parallel.js';
import { accountsOf, judge } from './judge.js';
import {
  alternativeCases,
  type LoggerCase,
  loggerCases,
  nameOf,
  outageCases,
} from './logger-case.js';
import { type LoggerOutcome, lossTable } from './loss-table.js';
import { delay, runLogger, type Weather, weathers } from './run-logger.js';

const lineCount = 20_000;
const startedAt = performance.now();

const emulator = await startEmulator();
const ours = await proveAll(loggerCases, weathers);
const outages = await proveAll(outageCases, ['dead']);
const alternatives = await proveAll(alternativeCases, ['slow']);
await emulator.close();
const seconds = Math.round((performance.now() - startedAt) / 1000);

const report = `# Loggers

Written by \`npm run proof -- loggers\` with Node.js ${process.version}; the ${ours.length + outages.length + alternatives.length} runs below took ${seconds} s. In each run a process logs ${lineCount} lines, half of them at once, half when the object is open (in a worker) or the first of them are in it, and leaves in one way. The emulator in another process takes ${delay} ms for every append, of which there are half a dozen; where our transports run a second time, three of ten answers are lost besides, after the bytes have been applied. Where one figure stands, both runs agree.

The figures are lines lost: those that are neither in the object nor in the file that the process left for what was not committed. "In the file" are those that are in the file alone.

## The transports

${right([...ours, ...outages])} of ${ours.length + outages.length} runs were as promised: lines in order, each exactly once, none of them torn, the exit code the one that belongs there, and nothing on stderr but what belongs there. Two ends may lose lines: where a worker is killed, those that had not been flushed; and where a process is killed whose \`flush()\` did not reach the transport, because pino passes it on neither to several targets nor to pipelines.

${lossTable(ours)}

From the third append on, the server answers no more, and takes nothing:

${lossTable(outages)}

## What else is used

The same lines, the same server. "Careless" is ours without the handlers of signals and exceptions that the documents ask for.

${lossTable(alternatives)}
`;

await mkdir('bench/results', { recursive: true });
await writeFile('bench/results/loggers.md', report);
console.log(`\n${report}`);
for (const problem of wrong([...ours, ...outages])) console.log(`PROBLEM: ${problem}`);
process.exitCode = wrong([...ours, ...outages]).length === 0 ? 0 : 1;

async function proveAll(
  cases: readonly LoggerCase[],
  skies: readonly Weather[],
): Promise<LoggerOutcome[]> {
  const runs = skies.flatMap((weather) =>
    cases.map((loggerCase) => () => proveOne(loggerCase, weather)),
  );
  return await inParallel(runs, 4);
}

async function proveOne(loggerCase: LoggerCase, weather: Weather): Promise<LoggerOutcome> {
  const result = await runLogger(emulator, loggerCase, { weather, lineCount });
  const { inObject, inAll } = accountsOf(result);
  const problems = loggerCase.isOurs ? judge(loggerCase, result) : [];
  const verdict = problems.length === 0 ? 'ok   ' : 'WRONG';
  console.log(`${verdict}  ${nameOf(loggerCase)}, ${weather}: ${inAll.lost} lost ${problems}`);
  return {
    loggerCase,
    weather,
    problems,
    lost: inObject.lost,
    saved: inObject.lost - inAll.lost,
    spoilt: inAll.doubled + inAll.misplaced + inAll.torn,
  };
}

function right(outcomes: readonly LoggerOutcome[]): number {
  return outcomes.filter(({ problems }) => problems.length === 0).length;
}

function wrong(outcomes: readonly LoggerOutcome[]): string[] {
  return outcomes.flatMap(({ problems }) => problems);
}
