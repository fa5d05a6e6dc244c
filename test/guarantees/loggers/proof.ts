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

Written by \`npm run proof -- loggers\` with Node.js ${process.version}; the ${ours.length + outages.length + alternatives.length} runs below took ${seconds} s. In each run a process logs ${lineCount} lines, half of them at once, the rest when the object is open (in a worker) or has the first of them; then it ends in one way. The emulator in another process takes ${delay} ms for each of about six appends. Our transports run twice: the second time, three of ten answers are also lost, after the bytes were applied. A single figure means that both runs agree.

The figures count lost lines: those that are neither in the object nor in the file of uncommitted bytes. "In the file" counts lines that are only in the file.

## The transports

${right([...ours, ...outages])} of ${ours.length + outages.length} runs were as promised: lines in order, each exactly once, none of them torn, the expected exit code, and nothing unexpected on stderr. Two ends may lose lines: a killed worker loses those that were not flushed; and a process killed after \`flush()\` may lose lines with several targets or a pipeline, because pino does not pass \`flush()\` on to them.

${lossTable(ours)}

From the third append on, the server drops every request:

${lossTable(outages)}

## Other sinks

The same lines and the same server. "Careless" means ours without the signal and exception handlers that the documents ask for.

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
