import { describe, expect, test } from 'vitest';
import { judge } from './judge.js';
import { alternativeCases, type LoggerCase, loggerCases } from './logger-case.js';
import { textOf } from './numbered-line.js';
import type { LoggerResult } from './run-logger.js';

const line = (n: number) => `${JSON.stringify({ level: 30, n, msg: textOf(n) })}\n`;
const lines = (...numbers: number[]) => Buffer.from(numbers.map(line).join(''));
const fatal = '{"level":60,"msg":"on purpose"}\n';

function caseOf(change: Partial<LoggerCase>): LoggerCase {
  const [loggerCase] = loggerCases as [LoggerCase];
  return { ...loggerCase, promised: 'object', exitCode: 0, stderr: /^$/, others: 0, ...change };
}

const finished: LoggerResult = {
  lineCount: 4,
  exitCode: 0,
  stdout: '',
  stderr: '',
  object: lines(1, 2, 3, 4),
  files: [],
  answersLost: 0,
};

function savedFile(bytes: Buffer, position: number, confirmed: boolean): Buffer {
  const head = { position, byteLength: bytes.byteLength, confirmed };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes]);
}

const position = lines(1, 2).byteLength;
const handedBack: LoggerResult = {
  ...finished,
  object: lines(1, 2),
  files: [savedFile(lines(3, 4), position, true)],
};

describe('judge()', () => {
  test.each<[string, Partial<LoggerCase>, LoggerResult]>([
    ['every line is in the object', {}, finished],
    [
      'one more line was expected',
      { others: 1 },
      { ...finished, object: Buffer.concat([finished.object, Buffer.from(fatal)]) },
    ],
    ['the flushed lines are there', { promised: 'flushed' }, { ...finished, object: lines(1, 2) }],
    [
      'a process was killed inside a line',
      { promised: 'flushed' },
      { ...finished, object: lines(1, 2, 3).subarray(0, -5) },
    ],
    ['the rest is in the file', { promised: 'object and file' }, handedBack],
    [
      'the first line of an unconfirmed rest was stored after all',
      { promised: 'object and file' },
      { ...handedBack, object: lines(1, 2, 3), files: [savedFile(lines(3, 4), position, false)] },
    ],
  ])('finds no problem where %s', (_, change, result) => {
    expect(judge(caseOf(change), result)).toEqual([]);
  });

  test.each<[string, Partial<LoggerCase>, Partial<LoggerResult>]>([
    ['a lost line', {}, { object: lines(1, 2, 3) }],
    [
      'a lost line before others, where nothing is promised',
      { promised: 'nothing' },
      { object: lines(1, 3) },
    ],
    ['a doubled line', { promised: 'nothing' }, { object: lines(1, 2, 2, 3, 4) }],
    ['the wrong order', { promised: 'nothing' }, { object: lines(1, 3, 2, 4) }],
    [
      'a torn line',
      { promised: 'nothing' },
      { object: Buffer.concat([lines(1), Buffer.from('"x"}\n'), lines(2, 3, 4)]) },
    ],
    [
      'a line without its end',
      { others: 0 },
      { object: Buffer.concat([finished.object, Buffer.from('{')]) },
    ],
    ['a flushed line that is lost', { promised: 'flushed' }, { object: lines(1) }],
    ['an unexpected line', {}, { object: Buffer.concat([finished.object, Buffer.from(fatal)]) }],
    ['an expected line that is missing', { others: 1 }, {}],
    ['a wrong exit code', {}, { exitCode: 1 }],
    ['a signal', {}, { exitCode: 'SIGKILL' }],
    ['something on stderr', {}, { stderr: 'a warning\n' }],
    ['nothing on stderr where a notice is expected', { stderr: /^saved\n$/ }, {}],
    ['something on stdout', {}, { stdout: 'a line\n' }],
    ['an unexpected file', {}, { files: [savedFile(lines(4), position, true)] }],
    ['no file', { promised: 'object and file' }, {}],
  ])('notices %s', (_, change, result) => {
    expect(judge(caseOf(change), { ...finished, ...result })).not.toEqual([]);
  });

  test.each<[string, Partial<LoggerResult>]>([
    ['a line in neither object nor file', { files: [savedFile(lines(4), position, true)] }],
    ['a line in both object and file', { files: [savedFile(lines(2, 3, 4), position, true)] }],
    [
      'a position beyond the end of the object',
      { files: [savedFile(lines(3, 4), position + 1, true)] },
    ],
    ['stored bytes that were confirmed as not stored', { object: lines(1, 2, 3) }],
    [
      'other bytes at that position',
      { object: lines(1, 2, 4), files: [savedFile(lines(3, 4), position, false)] },
    ],
    ['a second file', { files: [...handedBack.files, ...handedBack.files] }],
    ['a wrong length', { files: [Buffer.concat([handedBack.files[0] as Buffer, lines(5)])] }],
  ])('notices with a file: %s', (_, change) => {
    const loggerCase = caseOf({ promised: 'object and file' });

    expect(judge(loggerCase, { ...handedBack, ...change })).not.toEqual([]);
  });

  test('names the case in a problem', () => {
    const loggerCase = alternativeCases[0] as LoggerCase;

    expect(judge({ ...loggerCase, exitCode: 7 }, finished)).toEqual([
      'pino, worker, careless: natural end: exit code 0',
    ]);
  });
});
