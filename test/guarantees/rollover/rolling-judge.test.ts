import { describe, expect, test } from 'vitest';
import { linesOf } from './numbered-lines.js';
import { keyIn, type RollingCase, type RollingResult } from './rolling-case.js';
import type { RollingReport } from './rolling-job.js';
import { judgeRolling } from './rolling-judge.js';
import { type RollingTrouble, rollingTroubles, rollingVariants } from './rolling-trouble.js';

const lines = linesOf(1, 4);
const source = lines.join('');
const keys = [keyIn('f', 0), keyIn('f', 1)] as const;

/** The first two lines in the first object, the others in the second one. */
const texts = [lines.slice(0, 2).join(''), lines.slice(2).join('')] as const;
const maxSize = 170;

const rollingCase: RollingCase = {
  trouble: rollingTroubles.find(({ name }) => name === 'drop-answer') as RollingTrouble,
  place: 'first append',
  variant: rollingVariants.find(({ name }) => name === 'lines, seal') as RollingCase['variant'],
  times: 1,
};

const connection = {
  ...{ endpoint: '', region: '', bucket: '' },
  credentials: { accessKeyId: '', accessKeySecret: '' },
};

const job: RollingResult['job'] = {
  ...{ connection, key: 'f/{seq}.log', life: 1, lineCount: 4, chunkSize: 50, maxSize },
  ...{ hasRecords: true, seal: true, conflict: 'fail', retries: 8, backoff: 0, requestTimeout: 0 },
};

const finished: RollingReport = {
  written: source.length,
  committed: source.length,
  acknowledged: 4,
  error: undefined,
  rest: '',
  doubtful: 0,
  isConfirmed: true,
  rolled: [{ from: keys[0], position: texts[0].length, to: keys[1], reason: 'size' }],
  sealed: keys,
  unsealed: [],
};

interface Change {
  readonly report?: Partial<RollingReport>;
  readonly texts?: readonly string[];
  readonly sealed?: boolean;
  readonly struck?: number;
}

function judge({ report = {}, texts: found = texts, sealed = true, struck = 1 }: Change) {
  const objects = found.map((text, number) => ({
    ...{ key: keyIn('f', number), bytes: Buffer.from(text), sealed, appendable: true },
  }));
  return judgeRolling(rollingCase, { job, report: { ...finished, ...report }, objects, struck });
}

describe('judgeRolling()', () => {
  test('finds no problem in a correct outcome', () => {
    expect(judge({})).toEqual([]);
  });

  const torn = [source.slice(0, 60), source.slice(60)];
  const gaveUp = { code: 'APPEND_ERR_DIVERGED', message: 'diverged' };

  test.each<Change & { readonly scenario: string }>([
    { scenario: 'the fault did not strike', struck: 0 },
    { scenario: 'the stream gave up', report: { error: gaveUp } },
    { scenario: 'a line is missing', texts: [texts[0], lines[3] ?? ''] },
    { scenario: 'a line is there twice', texts: [texts[0], `${lines[1]}${texts[1]}`] },
    { scenario: 'the objects are in the wrong order', texts: [texts[1], texts[0]] },
    { scenario: 'a line is torn', texts: torn },
    { scenario: 'an object is too long', texts: [source] },
    {
      scenario: 'an object ended too early',
      texts: [0, 1, 3].map((n, i, all) => lines.slice(n, all[i + 1]).join('')),
    },
    { scenario: 'less is acknowledged than committed', report: { acknowledged: 3 } },
    { scenario: 'bytes are handed back that were committed', report: { rest: 'x' } },
    { scenario: 'a doubt is called confirmed', report: { doubtful: 1 } },
    { scenario: 'an object is not sealed', sealed: false },
    { scenario: 'nothing is said of a seal', report: { sealed: [keys[0]] } },
    { scenario: 'a seal failed', report: { sealed: [keys[0]], unsealed: [keys[1]] } },
  ])('finds a problem if $scenario', (change) => {
    expect(judge(change)).not.toEqual([]);
  });
});
