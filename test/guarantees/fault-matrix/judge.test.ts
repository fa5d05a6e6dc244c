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

/** All is well: the source is there. */
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

/** It gave up at the third chunk, after five writes of 38 bytes had been committed. */
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

  test('has nothing to say where all is well', () => {
    expect(judge(delivery, { job, report: finished, object: source })).toEqual([]);
    for (const length of [200, 250, 300]) {
      const object = source.subarray(0, length);
      expect(judge(failure, { job, report: gaveUp, object })).toEqual([]);
    }
  });

  test.each([
    ['an object with a byte less', source.subarray(0, -1)],
    ['an object with a byte more', Buffer.concat([source, Buffer.from('x')])],
    ['a byte that is another', Buffer.concat([source.subarray(0, -1), Buffer.from('x')])],
    ['a chunk twice', Buffer.concat([source.subarray(0, 100), source])],
    ['no object', undefined],
  ])('notices after a success: %s', (_, object) => {
    expect(judge(delivery, { job, report: finished, object })).not.toEqual([]);
  });

  test('takes it that a stream which failed was written no more', () => {
    const written = source.subarray(0, 350);
    const change = {
      written: 350,
      sha256: sha256(written),
      restSha256: sha256(written.subarray(200)),
    };
    const report = { ...gaveUp, ...change };

    expect(judge(failure, { job, report, object: source.subarray(0, 300) })).toEqual([]);
  });

  test('notices a success before all was written', () => {
    const written = source.subarray(0, 400);
    const change = { written: 400, sha256: sha256(written), committed: 400, acknowledged: 380 };
    const report = { ...finished, ...change };

    expect(judge(delivery, { job, report, object: written })).not.toEqual([]);
  });

  test.each<[string, Partial<Report>, Buffer?]>([
    ['bytes that were not the source', { sha256: sha256(source.subarray(1)) }],
    ['another error', { error: { name: 'E', code: 'APPEND_ERR_SERVICE', message: 'e' } }],
    ['more said to be committed than is there', {}, source.subarray(0, 150)],
    ['a callback that did not run', { acknowledged: 152 }],
    ['a callback too early', { acknowledged: 228 }],
    ['other bytes handed back', { restSha256: sha256(source.subarray(100)) }],
    ['a chunk that is there, and was said not to be', { isConfirmed: true }],
    ['no doubt where the error says that there is', { isConfirmed: true }, source.subarray(0, 200)],
    ['a chunk twice', {}, Buffer.concat([source.subarray(0, 200), source.subarray(100, 200)])],
    ['strange bytes', {}, Buffer.concat([source.subarray(0, 200), Buffer.from('strange')])],
  ])('notices after a failure: %s', (_, change, object = source.subarray(0, 300)) => {
    const report = { ...gaveUp, ...change };

    expect(judge(failure, { job, report, object })).not.toEqual([]);
  });
});
