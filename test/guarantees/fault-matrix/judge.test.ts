import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { FaultCase } from './fault-case.js';
import type { Report } from './job.js';
import { judge } from './judge.js';
import { sourceBytes } from './source-bytes.js';
import { type Trouble, troubles } from './trouble.js';

const chunkSize = 100;
const source = sourceBytes(5 * chunkSize);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function caseOf(name: string): FaultCase {
  const trouble = troubles.find((it) => it.name === name) as Trouble;
  return { trouble, place: 'middle', repetition: 'without end' };
}

const job = {
  connection: {
    endpoint: '',
    region: '',
    bucket: '',
    credentials: { accessKeyId: '', accessKeySecret: '' },
  },
  key: 'k',
  byteLength: source.length,
  chunkSize,
  retries: 0,
  backoff: 0,
  requestTimeout: 0,
};

/** A success: the object is the source. */
const finished: Report = {
  committed: source.length,
  written: source.length,
  sha256: sha256(source),
  isConfirmed: true,
  restSha256: sha256(Buffer.alloc(0)),
  acknowledged: source.length,
  retries: 0,
  reconciles: 0,
};

/** The stream gave up at the third chunk, after five writes of 38 bytes were committed. */
const gaveUp: Report = {
  ...finished,
  committed: 200,
  acknowledged: 190,
  restSha256: sha256(source.subarray(200)),
  error: { name: 'UnconfirmedError', code: 'APPEND_ERR_UNCONFIRMED', message: 'unconfirmed' },
  isConfirmed: false,
};

describe('judge()', () => {
  const delivery = caseOf('drop-answer');
  const failure = caseOf('drop-request');

  test('finds no problem in a correct outcome', () => {
    expect(judge(delivery, { job, report: finished, object: source })).toEqual([]);
    for (const length of [200, 250, 300]) {
      const object = source.subarray(0, length);
      expect(judge(failure, { job, report: gaveUp, object })).toEqual([]);
    }
  });

  test.each([
    ['a missing byte', source.subarray(0, -1)],
    ['an extra byte', Buffer.concat([source, Buffer.from('x')])],
    ['a changed byte', Buffer.concat([source.subarray(0, -1), Buffer.from('x')])],
    ['a chunk twice', Buffer.concat([source.subarray(0, 100), source])],
    ['no object', undefined],
  ])('finds a problem after a success: %s', (_, object) => {
    expect(judge(delivery, { job, report: finished, object })).not.toEqual([]);
  });

  test('accepts that a failed stream was not written to the end', () => {
    const written = source.subarray(0, 350);
    const change = {
      written: 350,
      sha256: sha256(written),
      restSha256: sha256(written.subarray(200)),
    };
    const report = { ...gaveUp, ...change };

    expect(judge(failure, { job, report, object: source.subarray(0, 300) })).toEqual([]);
  });

  test('finds a problem in a success before the whole source was written', () => {
    const written = source.subarray(0, 400);
    const change = { written: 400, sha256: sha256(written), committed: 400, acknowledged: 380 };
    const report = { ...finished, ...change };

    expect(judge(delivery, { job, report, object: written })).not.toEqual([]);
  });

  test.each<[string, Partial<Report>, Buffer?]>([
    ['bytes that were not the source', { sha256: sha256(source.subarray(1)) }],
    ['an unexpected error', { error: { name: 'E', code: 'APPEND_ERR_SERVICE', message: 'e' } }],
    ['more bytes reported as committed than stored', {}, source.subarray(0, 150)],
    ['a write callback that did not run', { acknowledged: 152 }],
    ['a write callback that ran too early', { acknowledged: 228 }],
    ['wrong bytes handed back', { restSha256: sha256(source.subarray(100)) }],
    ['a stored chunk that was reported as not stored', { isConfirmed: true }],
    [
      'UnconfirmedError with a chunk confirmed as not stored',
      { isConfirmed: true },
      source.subarray(0, 200),
    ],
    ['a chunk twice', {}, Buffer.concat([source.subarray(0, 200), source.subarray(100, 200)])],
    [
      'bytes of another writer',
      {},
      Buffer.concat([source.subarray(0, 200), Buffer.from('strange')]),
    ],
  ])('finds a problem after a failure: %s', (_, change, object = source.subarray(0, 300)) => {
    const report = { ...gaveUp, ...change };

    expect(judge(failure, { job, report, object })).not.toEqual([]);
  });
});
