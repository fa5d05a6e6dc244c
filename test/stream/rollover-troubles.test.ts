import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppendWritable, isAppendError, type UncommittedBytes } from '../../src/index.js';
import { AdverseClient, type Adversity, adversities, strange } from '../helpers/adverse-client.js';
import { unitEnds } from '../helpers/object-rules.js';
import { type Account, act, delimiters, type Step, writeStep } from '../helpers/rolling-script.js';

const other: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('flush', 'turn', 'turn', 'turn', 'drain'),
});

const seldom = <T, N>(rare: fc.Arbitrary<T>, usual: N) =>
  fc.oneof<fc.WeightedArbitrary<T | N>[]>(
    { weight: 1, arbitrary: rare },
    { weight: 7, arbitrary: fc.constant(usual) },
  );

const adversity = fc.oneof<fc.WeightedArbitrary<Adversity>[]>(
  { weight: 1, arbitrary: fc.constantFrom('destroyed before', 'destroyed after') },
  { weight: 30, arbitrary: fc.constantFrom(...adversities) },
);

const anyLife = fc.constantFrom(...delimiters).chain((delimiter) =>
  fc.record({
    delimiter: fc.constant(delimiter),
    chunkSize: fc.integer({ min: 1, max: 24 }),
    more: fc.nat(60),
    flushInterval: fc.constantFrom(0, Number.POSITIVE_INFINITY),
    seal: fc.boolean(),
    conflict: fc.constantFrom('fail' as const, 'rollover' as const),
    verify: fc.constantFrom('crc64' as const, 'none' as const),
    refusesReading: seldom(fc.constant(true), false),
    tellsCrc64: seldom(fc.constant(false), true),
    retries: fc.constantFrom(2, Number.POSITIVE_INFINITY),

    /** Which event destroys the stream, if any. */
    endsOn: seldom(
      fc.record({
        event: fc.constantFrom('rollover', 'seal', 'commit', 'ready', 'reconcile', 'retry'),
        nth: fc.integer({ min: 1, max: 4 }),
      }),
      undefined,
    ),

    /** What goes wrong with several requests in a row, from the given one on. */
    troubles: fc.array(
      fc.record({
        at: fc.integer({ min: 1, max: 40 }),
        kinds: fc.array(fc.array(adversity, { minLength: 1, maxLength: 2 }), {
          minLength: 1,
          maxLength: 5,
        }),
      }),
      { maxLength: 4, size: 'max' },
    ),
    steps: fc.array(
      fc.oneof({ weight: 2, arbitrary: writeStep(delimiter) }, { weight: 1, arbitrary: other }),
      { maxLength: 40, size: 'max' },
    ),
  }),
);

type Life = typeof anyLife extends fc.Arbitrary<infer T> ? T : never;

const keyAt = (sequence: number) => `${sequence}.log`;
const nextKey = (key: string) => keyAt(Number.parseInt(key, 10) + 1);

test('whatever goes wrong, the objects hold what the stream reports, once and in order', {
  timeout: 30_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(anyLife, async (life) => {
      expect(await problemsOf(life)).toEqual([]);
    }),
    { numRuns: 2000, interruptAfterTimeLimit: 1500 },
  );
});

async function problemsOf(life: Life): Promise<string[]> {
  const { delimiter, chunkSize, more, troubles, endsOn, retries } = life;
  const { refusesReading, tellsCrc64 } = life;
  const numbered = troubles.flatMap(({ at, kinds }) =>
    kinds.map((kind, index) => [at + index, kind] as const),
  );
  const client = new AdverseClient(new Map<number, readonly Adversity[]>(numbered), nextKey);
  Object.assign(client, { refusesReading, tellsCrc64 });
  const stream = new AppendWritable({
    client,
    chunkSize,
    key: ({ sequence }) => keyAt(sequence),
    rollover: { maxSize: chunkSize + more },
    recordDelimiter: delimiter ?? false,
    highWaterMark: 3 * chunkSize,
    flushInterval: life.flushInterval,
    seal: life.seal,
    conflict: life.conflict,
    verify: life.verify,
    retry: { retries, minTimeout: 0, maxTimeout: 0 },
  });
  client.destroy = () => void stream.destroy();
  client.confirmed = (key) =>
    key === stream.key ? (stream.position ?? 0) : Number.POSITIVE_INFINITY;
  let error: unknown;
  stream.on('error', (thrown) => {
    error = thrown;
  });
  let isClosed = false;
  const closed = new Promise<void>((resolve) => stream.once('close', resolve)).then(() => {
    isClosed = true;
  });
  let count = 0;
  if (endsOn !== undefined) {
    stream.on(endsOn.event, () => {
      if (++count === endsOn.nth) stream.destroy();
    });
  }
  const reasons: string[] = [];
  const problems: string[] = [];
  const committed = new Set<string>();
  stream.on('commit', ({ key }) => void committed.add(key));
  stream.on('rollover', ({ from, reason }) => {
    reasons.push(reason);
    const isOurs = reason === 'conflict' && life.conflict === 'fail' && committed.has(from.key);
    if (isOurs) problems.push(`leaves ${from.key} because of a conflict`);
  });
  for (const event of ['commit', 'rollover', 'seal', 'reconcile', 'retry', 'ready']) {
    stream.on(event, () => isClosed && problems.push(`'${event}' after 'close'`));
  }
  const account = await act(stream, life.steps, { delimiter });
  if (!stream.destroyed) stream.end();
  await closed;
  const uncommitted = stream.takeUncommitted();
  // Requests without an answer may land after the end.
  for (let left = 6; left > 0; left--) await turn();
  client.land();

  const { bytesWritten } = stream;
  return [
    ...problems,
    ...judgeObjects(client, account, { bytesWritten, uncommitted, reasons }),
    ...(await judgePlaces(client, account)),
    ...judgeEnd(life, error, stream),
  ];
}

interface Told {
  readonly bytesWritten: number;
  readonly uncommitted: UncommittedBytes | undefined;
  readonly reasons: readonly string[];
}

function judgeObjects(client: AdverseClient, { writing }: Account, told: Told): string[] {
  const { bytesWritten, uncommitted, reasons } = told;
  const problems: string[] = [];
  const ends = unitEnds(writing);
  const isMoved = reasons.some((reason) => reason !== 'size');
  const mayTear = (writing.delimiter === undefined && isMoved) || client.deleted.size > 0;
  let landed = 0;
  for (const [key, bytes] of contentsOf(client)) {
    const start = bytes.findIndex((byte) => byte !== strange);
    if (start === -1) continue;
    const length = bytes.subarray(start).indexOf(strange);
    const ours = bytes.subarray(start, length === -1 ? undefined : start + length);
    if (!mayTear && !ends.includes(landed)) problems.push(`${key} begins within a unit`);
    if (!ours.equals(writing.bytes.subarray(landed, landed + ours.byteLength))) {
      problems.push(`${key} does not go on with the source at ${landed}`);
    }
    landed += ours.byteLength;
    if (length !== -1 && bytes.subarray(start + length).some((byte) => byte !== strange)) {
      problems.push(`${key} has bytes of ours behind those of a stranger`);
    }
  }
  const rest = writing.bytes.subarray(bytesWritten);
  const most = bytesWritten + (uncommitted?.doubtful ?? 0);
  if (landed < bytesWritten || landed > most) {
    problems.push(`${landed} bytes landed: ${bytesWritten} were committed, ${most} at most`);
  }
  if (!rest.equals(uncommitted?.bytes ?? Buffer.alloc(0))) {
    problems.push('the bytes handed back are not the rest');
  }
  if (uncommitted?.confirmed === true && uncommitted.doubtful > 0) problems.push('doubtful');
  return problems;
}

/** Everything that objects have ever held, in the order of the stream. */
function contentsOf({ store, deleted }: AdverseClient): (readonly [string, Buffer])[] {
  const keys = Array.from({ length: 100 }, (_, sequence) => keyAt(sequence));
  return keys.flatMap((key) => {
    const { object } = store.at(key);
    const all = [...(deleted.get(key) ?? []), ...(object === undefined ? [] : [object.bytes])];
    return all.map((bytes) => [key, bytes] as const);
  });
}

async function judgePlaces(client: AdverseClient, { placed, writing }: Account) {
  const problems: string[] = [];
  // Without a checksum nobody sees that an object of the same length has replaced it.
  if (client.deleted.size > 0) return [];
  for (const { range, result } of placed) {
    const place = await result.catch(() => undefined);
    if (place === undefined || range.start === range.end) continue;
    const { key, start, end } = place;
    const all = contentsOf(client).filter(([name]) => name === key);
    const source = writing.bytes.subarray(range.start, range.end);
    const isThere = all.some(([, bytes]) => bytes.subarray(start, end).equals(source));
    if (!isThere || end - start !== range.end - range.start) {
      problems.push(`append ${range.start}-${range.end} is not at ${start}-${end} of ${key}`);
    }
  }
  return problems;
}

/** After these a stream may end. */
const fatal: readonly Adversity[] = [
  'stranger deletes',
  'stranger replaces',
  'turns normal',
  'destroyed before',
  'destroyed after',
];

/** Whether the stream ended as it may. */
function judgeEnd(life: Life, error: unknown, { writableFinished }: AppendWritable): string[] {
  if (error !== undefined && !isAppendError(error)) return [`failed with ${String(error)}`];
  const kinds = new Set(life.troubles.flatMap(({ kinds }) => kinds.flat()));
  const mustDeliver =
    life.conflict === 'rollover' &&
    life.retries === Number.POSITIVE_INFINITY &&
    life.endsOn === undefined &&
    !life.refusesReading &&
    life.delimiter === undefined &&
    !life.steps.some((step) => step.do === 'append') &&
    !fatal.some((kind) => kinds.has(kind));
  return mustDeliver && !writableFinished ? [`not delivered: ${String(error)}`] : [];
}
