import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppendWritable } from '../../src/index.js';
import { brokenDown, lying, type Misbehaviour, treatments } from './broken-answers.js';
import { Claims } from './claims.js';
import { createClient } from './hostile-client.js';
import { startHostileServer } from './hostile-server.js';
import { endWith, type StreamEnd } from './hostile-stream.js';
import { StoredObject } from './stored-object.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

interface Life {
  readonly before: string | undefined;
  readonly data: string;
  readonly chunkSize: number;
  readonly verify: 'crc64' | 'none';
  readonly retries: number;
  readonly misbehaviours: readonly Misbehaviour[];
}

const lives = (misbehaviour: fc.Arbitrary<Misbehaviour>) =>
  fc.array(
    fc.record<Life>({
      before: fc.option(fc.constantFrom('', 'before'), { nil: undefined }),
      data: fc.string({ unit: fc.constantFrom('a', 'b', '\0'), maxLength: 12 }),
      chunkSize: fc.integer({ min: 1, max: 12 }),
      verify: fc.constantFrom('crc64', 'crc64', 'none'),
      retries: fc.integer({ min: 0, max: 4 }),
      misbehaviours: fc.array(misbehaviour, { maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

const limits = { numRuns: 30, interruptAfterTimeLimit: 5_000 };

// On a failure, fast-check prints the seed and path to replay it.
describe('a stream finishes or fails with a correct report', () => {
  test('with a server that fails in every way', { timeout: 30_000 }, async () => {
    const property = fc.asyncProperty(lives(brokenDown), async (these) => {
      await Promise.all(these.map(async (life) => expectTruth(life, await live(life))));
    });
    await fc.assert(property, limits);
  });

  test('with a server that makes false statements: correct according to these', {
    timeout: 30_000,
  }, async () => {
    const property = fc.asyncProperty(lives(lying), async (these) => {
      await Promise.all(these.map(live));
    });
    await fc.assert(property, limits);
  });
});

/**
 * Runs a stream to its end. The server must have claimed all that the stream took for committed.
 */
async function live({ data, before, misbehaviours, retries, ...options }: Life) {
  const object = new StoredObject(before === undefined ? undefined : Buffer.from(before));
  const server = await startHostileServer(...treatments(object, misbehaviours));
  const client = createClient(server.endpoint, { requestTimeout: 80 });
  try {
    const claims = new Claims(client);
    const stream = new AppendWritable({
      ...options,
      key: 'a.log',
      client: claims.client,
      requestTimeout: 80,
      retry: { retries, minTimeout: 0, maxTimeout: 0 },
    });
    const bytes = Buffer.from(data);
    const unsupported: unknown[] = [];
    let committed = 0;
    stream.on('ready', () => claims.opened());
    stream.on('commit', (commit) => {
      committed += commit.byteLength;
      if (!claims.support(bytes.subarray(0, committed), options)) unsupported.push(commit);
    });
    const end = await endWith(stream, bytes);
    expect(unsupported).toEqual([]);
    expect(committed).toBe(end.bytesWritten);
    return { object, end };
  } finally {
    await client.close();
    await server[Symbol.asyncDispose]();
  }
}

/** Checks what the stream reported against what the server stored. */
function expectTruth(
  { before = '', data }: Life,
  { object, end }: { object: StoredObject; end: StreamEnd },
) {
  const stored = String(object.content ?? '');
  expect(`${before}${data}`.startsWith(stored)).toBe(true);
  const landed = stored.length - before.length;
  expect(landed).toBeGreaterThanOrEqual(end.bytesWritten);
  if (end.isFinished || end.confirmed === true) expect(landed).toBe(end.bytesWritten);
  if (end.isFinished) expect(object.content).toBeDefined();
  const codes = ['APPEND_ERR_RETRIES_EXHAUSTED', 'APPEND_ERR_UNCONFIRMED'];
  if (!end.isFinished) expect(codes).toContain(end.error?.code);
}
