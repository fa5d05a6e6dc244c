import { describe, expect, test } from 'vitest';
import { lineOf } from '../rollover/numbered-lines.js';
import type { SharingReport } from './sharing-job.js';
import { judgeSharing, type SharingTask } from './sharing-judge.js';

const lineCount = 3;
const task: SharingTask = { lineCount };

function report(writer: number, changes: Partial<SharingReport> = {}): SharingReport {
  const { acknowledged = lineCount } = changes;
  const lines = Array.from({ length: lineCount }, (_, number) => lineOf(writer, number));
  const rest = lines.slice(acknowledged).join('');
  return {
    writer,
    written: lineCount,
    acknowledged,
    committed: lines.join('').length - rest.length,
    conflicts: 0,
    retries: 0,
    rollovers: 0,
    unsealed: [],
    error: undefined,
    rest,
    isConfirmed: true,
    ...changes,
  };
}

const reports = [report(1), report(2)];
const inverted = (text: string) => Buffer.from(text).map((byte) => byte ^ 0xff);
const strange = inverted(lineOf(1, 1) + lineOf(1, 2));

/** Lines as `writer.number`, apart from bytes as they are. */
function objectOf(...parts: readonly (string | Uint8Array)[]) {
  const bytes = parts.map((part) => {
    const [, writer, number] = (typeof part === 'string' && /^(\d)\.(\d)$/.exec(part)) || [];
    return Buffer.from(writer === undefined ? part : lineOf(Number(writer), Number(number)));
  });
  return { key: 'a.log', bytes: Buffer.concat(bytes), sealed: false };
}

const whole = ['1.0', '2.0', '1.1', strange, '2.1', '2.2', '1.2'];

describe('judgeSharing()', () => {
  test('accepts lines that are whole, there once and in their writer’s order, among those of others', () => {
    expect(judgeSharing([objectOf(...whole)], reports, task)).toEqual([]);
  });

  test('accepts them in several objects', () => {
    const objects = [objectOf('1.0', '2.0', '2.1'), objectOf('1.1', '1.2'), objectOf('2.2')];

    expect(judgeSharing(objects, reports, task)).toEqual([]);
  });

  test.each([
    {
      scenario: 'a doubled line',
      objects: [objectOf(...whole, '2.2')],
      problem: 'writer 2: line 2 is there twice',
    },
    {
      scenario: 'a line that is in two objects',
      objects: [objectOf(...whole), objectOf('1.1')],
      problem: 'writer 1: line 1 is there twice',
    },
    {
      scenario: 'a missing line',
      objects: [objectOf('1.0', '2.0', '2.1', '2.2', '1.2')],
      problem: 'writer 1: line 1 is missing',
    },
    {
      scenario: 'a missing last line',
      objects: [objectOf('1.0', '2.0', '2.1', '2.2', '1.1')],
      problem: 'writer 1: line 2 is missing',
    },
    {
      scenario: 'lines out of order',
      objects: [objectOf('1.0', '2.0', '2.2', '2.1', '1.1', '1.2')],
      problem: 'writer 2: line 1 is out of order',
    },
    {
      scenario: 'lines out of order across objects',
      objects: [objectOf('1.0', '1.2', '2.0'), objectOf('1.1', '2.1', '2.2')],
      problem: 'writer 1: line 1 is out of order',
    },
    {
      scenario: 'a line that another one divides',
      objects: [objectOf(...whole, 'life 1, li', '2.2', 'ne 3')],
      problem: expect.stringContaining('a.log has a torn line at'),
    },
    {
      scenario: 'a torn line at the end',
      objects: [objectOf(...whole, 'life 1, line 3')],
      problem: expect.stringContaining('a.log has a torn line at'),
    },
    {
      scenario: 'strange bytes that are no whole lines',
      objects: [objectOf(...whole, strange.subarray(0, -1))],
      problem: expect.stringContaining('a.log has a torn line at'),
    },
    {
      scenario: 'a line of nobody',
      objects: [objectOf(...whole, '3.0')],
      problem: 'a.log has a line of the unknown writer 3',
    },
  ])('finds $scenario', ({ objects, problem }) => {
    expect(judgeSharing(objects, reports, task)).toContainEqual(problem);
  });

  test.each([
    {
      scenario: 'a line too few that was acknowledged',
      changes: { acknowledged: 2 },
      problem: 'writer 1: 2 lines were acknowledged',
    },
    {
      scenario: 'a wrong count of bytes',
      changes: { committed: 1 },
      problem: expect.stringMatching(/^writer 1: 1 bytes were committed instead of /),
    },
    {
      scenario: 'bytes handed back that are committed',
      changes: { rest: lineOf(1, 2) },
      problem: 'writer 1: not exactly the rest was handed back',
    },
    {
      scenario: 'an error',
      changes: { error: { code: 'APPEND_ERR_DIVERGED', message: 'no' } },
      problem: 'writer 1: failed with APPEND_ERR_DIVERGED: no',
    },
  ])('finds $scenario', ({ changes, problem }) => {
    const found = judgeSharing([objectOf(...whole)], [report(1, changes), report(2)], task);

    expect(found).toContainEqual(problem);
  });

  test('lets a writer give up where it may, with what was on its way in doubt', () => {
    const error = { code: 'APPEND_ERR_DIVERGED', message: '' };
    const gaveUp = report(1, { acknowledged: 1, error, isConfirmed: false });
    const mayFail = { ...task, errors: ['APPEND_ERR_DIVERGED'] };
    const [before, after] = [
      ['1.0', '2.0', '2.1', '2.2'],
      ['1.0', '2.0', '2.1', '2.2', '1.1'],
    ];

    expect(judgeSharing([objectOf(...before)], [gaveUp, report(2)], mayFail)).toEqual([]);
    expect(judgeSharing([objectOf(...after)], [gaveUp, report(2)], mayFail)).toEqual([]);
    const sure = { ...gaveUp, isConfirmed: true };
    expect(judgeSharing([objectOf(...after)], [sure, report(2)], mayFail)).toEqual([
      'writer 1: line 1 was handed back as certainly not stored',
    ]);
    expect(
      judgeSharing([objectOf('2.0', '2.1', '2.2', '1.0', '1.2')], [gaveUp, report(2)], mayFail),
    ).toEqual(['writer 1: line 1 is missing']);
  });

  test('allows lines to be missing only that an operator may have taken away', () => {
    const objects = [objectOf(Buffer.alloc(5, 0xff), '2.0', '2.1', '2.2', '1.2')];
    const keptFrom = (number: number) => ({ ...task, keptFrom: new Map([[1, number]]) });

    expect(judgeSharing(objects, reports, keptFrom(2))).toEqual([]);
    expect(judgeSharing(objects, reports, keptFrom(1))).toEqual(['writer 1: line 1 is missing']);
  });

  test('finds an object that is too long, or was left open', () => {
    const objects = [objectOf(...whole)];

    expect(judgeSharing(objects, reports, { ...task, mostBytes: 369 })).toEqual([
      expect.stringMatching(/^a\.log has \d+ bytes of the writers$/),
    ]);
    expect(judgeSharing(objects, reports, { ...task, isSealed: true })).toEqual([
      'a.log is not sealed',
    ]);
  });
});
