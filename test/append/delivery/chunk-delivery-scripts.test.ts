import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChecksumError, DivergedError, RetriesExhaustedError } from '../../../src/errors.js';
import {
  answer,
  answerWith,
  applyPartThenFail,
  applyThenFail,
  type Behaviour,
  failThenLand,
  failure,
  failWith,
  preceded,
  ScriptedClient,
} from '../scripted-client.js';
import { deliver, immediately, remove } from './chunk-delivery-setup.js';

describe('ChunkDelivery under any script of faults', () => {
  interface Fault {
    readonly name: string;
    readonly behaviour: Behaviour;
    readonly isInterference?: boolean;
  }

  // Our bytes are 0x40-0x7f, another writer's 0x80-0xff, so that they cannot be mistaken.
  const isOurs = (byte: number) => byte >= 0x40 && byte < 0x80;
  const stranger = Buffer.from([0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86]);
  const bytesFrom = (min: number, max: number, minLength: number) =>
    fc
      .array(fc.integer({ min, max }), { minLength, maxLength: 6 })
      .map((bytes) => Uint8Array.from(bytes));

  const ambiguous = [failure.answered, failure.unanswered, () => new TypeError('terminated')];
  const thrown = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...ambiguous) },
    { weight: 4, arbitrary: fc.constantFrom(failure.rejected, failure.answered) },
    { weight: 2, arbitrary: fc.constantFrom(failure.conflict, failure.fatal, failure.forbidden) },
  );
  const fault = (name: string, behaviour: Behaviour): Fault => ({ name, behaviour });
  const hideCrc64: Behaviour = ({ apply }) => {
    const told = apply();
    return told === undefined ? undefined : { ...(told as object), crc64: undefined };
  };
  const fails = thrown.map((make) => fault(`fail: ${make()}`, failWith(make())));

  /** Behaviours of an append that fails although its bytes may be stored. */
  const appendFault = fc.oneof(
    fc.constant(fault('answer', answer)),
    { weight: 3, arbitrary: fails },
    fc
      .constantFrom(...ambiguous, failure.conflict)
      .map((make) => fault(`apply, then fail: ${make()}`, applyThenFail(make()))),
    fc
      .constantFrom(failure.unanswered, () => 'garbage')
      .map((make) => fault(`fail: ${make()}, then land`, failThenLand(make()))),
    fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(...ambiguous))
      .map(([length, make]) => fault(`apply ${length}`, applyPartThenFail(length, make()))),
    fc.constant(fault('wrong position', answerWith({ nextPosition: 0 }))),
    fc.constant(fault('no checksum', hideCrc64)),
  );
  const questionFault = fc.oneof(
    fc.constant(fault('answer', answer)),
    fc.constant(fault('no checksum', hideCrc64)),
    fails,
  );
  const land = (inner: Fault): Fault =>
    fault(
      `land, ${inner.name}`,
      preceded((c) => c.land(), inner.behaviour),
    );
  const interfere = (inner: Fault, length: number): Fault => ({
    name: `${length === 0 ? 'delete' : `stranger ${length}`}, ${inner.name}`,
    behaviour: preceded(
      length === 0 ? remove : (c) => c.strangerAppends(stranger.subarray(0, length)),
      inner.behaviour,
    ),
    isInterference: true,
  });
  const decorated = (inner: fc.Arbitrary<Fault>, interference: boolean) =>
    fc.oneof(
      { weight: 6, arbitrary: inner },
      { weight: 2, arbitrary: inner.map(land) },
      ...(interference
        ? [
            {
              weight: 1,
              arbitrary: fc.tuple(inner, fc.nat(6)).map(([f, length]) => interfere(f, length)),
            },
          ]
        : []),
    );

  const scenario = (interference: boolean) =>
    fc.record({
      before: fc.option(bytesFrom(0, 0x3f, 0), { nil: undefined }),
      chunk: bytesFrom(0x40, 0x7f, 0),
      appends: fc.array(decorated(appendFault, interference), { maxLength: 8 }),
      heads: fc.array(decorated(questionFault, interference), { maxLength: 8 }),
      gets: fc.array(questionFault, { maxLength: 3 }),
      refusesReading: fc.boolean(),
      tellsCrc64: fc.oneof(
        { weight: 3, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
      knowsCrc64: fc.boolean(),
      retries: fc.nat(3),
    });
  type Scenario = ReturnType<typeof scenario> extends fc.Arbitrary<infer T> ? T : never;

  async function play({ before, chunk, appends, heads, gets, retries, ...rest }: Scenario) {
    // An empty chunk is sent only to create its object.
    if (chunk.byteLength === 0 && before !== undefined) return undefined;
    const client = new ScriptedClient(before);
    client.refusesReading = rest.refusesReading;
    client.tellsCrc64 = rest.tellsCrc64;
    let interfered = false;
    const noting = ({ behaviour, isInterference }: Fault): Behaviour =>
      isInterference === true
        ? (call) => {
            interfered = true;
            return behaviour(call);
          }
        : behaviour;
    client.script('append', ...appends.map(noting));
    client.script('head', ...heads.map(noting));
    client.script('get', ...gets.map(noting));
    const { error, commits, delivery } = await deliver(client, {
      before,
      chunk,
      knowsCrc64: before === undefined || rest.knowsCrc64,
      retry: { ...immediately, retries },
    });
    const object = () => client.object?.bytes ?? Buffer.alloc(0);
    const ours = () => object().filter(isOurs);
    const atEnd = { object: object(), ours: ours() };
    client.land();
    const position = before?.byteLength ?? 0;
    const committed = commits.reduce((sum, { start, end }) => sum + end - start, 0);
    return { error, delivery, interfered, position, committed, atEnd, oursLater: ours() };
  }

  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  test('the object holds its old bytes and the chunk once, or the error tells the truth', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(scenario(false), async (given) => {
        const played = await play(given);
        if (played === undefined) return;
        const { error, position, committed, atEnd, oursLater } = played;
        seen.add(error instanceof Error ? error.name : String(error));

        expect(hex(atEnd.object.subarray(0, position))).toBe(hex(given.before ?? Buffer.of()));
        expect(hex(given.chunk).startsWith(hex(oursLater))).toBe(true);
        expect(committed).toBeLessThanOrEqual(atEnd.ours.byteLength);
        if (error === undefined) {
          expect(hex(atEnd.ours)).toBe(hex(given.chunk));
          expect(committed).toBe(given.chunk.byteLength);
        }
        if (error instanceof RetriesExhaustedError) expect(oursLater.byteLength).toBe(committed);
        expect(error).not.toBeInstanceOf(DivergedError);
        expect(error).not.toBeInstanceOf(ChecksumError);
      }),
      { numRuns: 500 },
    );
    for (const name of ['undefined', 'RetriesExhaustedError', 'UnconfirmedError']) {
      expect(seen).toContain(name);
    }
  });

  test('the delivery detects another writer, and never duplicates or silently loses the chunk', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(scenario(true), async (given) => {
        const played = await play(given);
        if (played === undefined) return;
        const { error, interfered, position, committed, atEnd, oursLater } = played;
        seen.add(error instanceof Error ? error.name : String(error));

        expect(hex(given.chunk).startsWith(hex(oursLater))).toBe(true);
        if (error === undefined) {
          expect(committed).toBe(given.chunk.byteLength);
          const end = position + given.chunk.byteLength;
          expect(hex(atEnd.object.subarray(position, end))).toBe(hex(given.chunk));
        }
        if (error instanceof DivergedError || error instanceof ChecksumError) {
          expect(interfered).toBe(true);
        }
        if (error instanceof RetriesExhaustedError) {
          expect(oursLater.byteLength).toBeLessThanOrEqual(committed);
        }
      }),
      { numRuns: 500 },
    );
    for (const name of ['undefined', 'DivergedError', 'UnconfirmedError']) {
      expect(seen).toContain(name);
    }
  });
});
