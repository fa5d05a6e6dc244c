import { type Emulator, startEmulator } from 'oss-append-stream/emulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from './loggers/judge.js';
import { accountFor } from './loggers/line-account.js';
import {
  alternativeCases,
  type LoggerCase,
  loggerCases,
  nameOf,
  outageCases,
} from './loggers/logger-case.js';
import { runLogger, type Weather } from './loggers/run-logger.js';
import { Turnstile } from './loggers/turnstile.js';

// The long form, with more lines and every alternative, is `npm run proof -- loggers`.
const lineCount = 1000;
const timeout = 120_000;

const turnstile = new Turnstile(4);
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

const run = (loggerCase: LoggerCase, weather: Weather) =>
  turnstile.pass(() => runLogger(emulator, loggerCase, { weather, lineCount }));

const titled = (cases: readonly LoggerCase[]) =>
  cases.map((loggerCase) => [nameOf(loggerCase), loggerCase] as const);

describe.concurrent('the process loses no line and doubles none', () => {
  test.each(titled(loggerCases))('%s', { timeout }, async (_, loggerCase) => {
    const result = await run(loggerCase, 'slow, answers lost');

    expect(judge(loggerCase, result)).toEqual([]);
    if (loggerCase.promised === 'object') expect(result.answersLost).toBeGreaterThan(0);
  });
});

describe.concurrent('the file has the lines that the server no longer accepts', () => {
  test.each(titled(outageCases))('%s', { timeout }, async (_, loggerCase) => {
    const result = await run(loggerCase, 'dead');

    expect(judge(loggerCase, result)).toEqual([]);
  });
});

// Negative controls: they show that the runs above can lose lines at all.
describe.concurrent('the process loses lines with another sink', () => {
  const losing = alternativeCases.filter(
    ({ sink, leaving }) =>
      (sink === 'worker that acknowledges early' && leaving === 'natural end') ||
      (sink === 'Stream' && leaving === "end(), 'finish', exit"),
  );
  test.each(titled(losing))('%s', { timeout }, async (_, loggerCase) => {
    const { object } = await run(loggerCase, 'slow');

    expect(accountFor(object, lineCount).lost).toBeGreaterThan(0);
  });
});
