import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppendReceipt, ObjectState, OssClient } from '../../src/index.js';
import { type AnyAnswer, anyAnswer, send } from './any-answer.js';
import { wellBehaved } from './hostile-answers.js';
import {
  checkedOutcome,
  createClient,
  type Operation,
  operations,
  settled,
} from './hostile-client.js';
import { startHostileServer } from './hostile-server.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

interface Given {
  readonly operation: Operation;
  readonly answer: AnyAnswer;
}

const anything = fc.array(
  fc.record<Given>({ operation: fc.constantFrom(...operations), answer: anyAnswer }),
  { minLength: 1, maxLength: 16 },
);

// On a failure, fast-check prints the seed and path to replay it.
test('every request settles in time with a receipt or a typed error, whatever the answer, and the next one works', {
  timeout: 30_000,
}, async () => {
  let given: readonly Given[] = [];
  let sending: Promise<void>[] = [];
  await using server = await startHostileServer((request) => {
    const [, nth] = /\/(\d+)\.log/.exec(request.target) ?? [];
    const answer = given[Number(nth)]?.answer;
    if (answer === undefined) return wellBehaved(request);
    sending.push(send(answer, request));
  });
  const client = createClient(server.endpoint, { requestTimeout: 120 });
  const property = fc.asyncProperty(anything, async (these) => {
    given = these;
    sending = [];
    await settled(
      Promise.all(these.map(({ operation }, nth) => attempt(client, operation, `${nth}.log`))),
    );
    await Promise.all(sending);
    // Until the bytes sent after an answer have arrived.
    await turn();
    await turn();
    await expectService(client);
  });
  await fc.assert(property, { numRuns: 100, interruptAfterTimeLimit: 5_000 });
});

async function attempt(client: OssClient, operation: Operation, key: string): Promise<void> {
  try {
    switch (operation) {
      case 'append':
        return expectReceipt(await client.appendObject(key, 0, Buffer.from('hello')));
      case 'head':
        return expectState(await client.headObject(key));
      case 'seal':
        return await client.sealAppendObject(key, 5);
      case 'get':
        for await (const piece of await client.getObject(key, { start: 1, end: 9 })) {
          expect(piece.length).toBeLessThan(9);
        }
    }
  } catch (error) {
    checkedOutcome(error);
  }
}

/** Retried, because on a busy machine even an honest answer may arrive too late. */
async function expectService(client: OssClient): Promise<void> {
  for (let retriesLeft = 2; ; retriesLeft--) {
    try {
      const { nextPosition } = await client.appendObject('honest.log', 7, Buffer.from('hello'));
      expect(nextPosition).toBe(12);
      return;
    } catch (error) {
      if (retriesLeft === 0) throw error;
    }
  }
}

function expectReceipt({ nextPosition, crc64, requestId }: AppendReceipt): void {
  expectCount(nextPosition);
  expectChecksum(crc64);
  expect(requestId).toBeTypeOf('string');
}

function expectState(state: ObjectState | undefined): void {
  if (state === undefined) return;
  expectCount(state.length);
  expectChecksum(state.crc64);
  expect(state.appendable).toBeTypeOf('boolean');
  expect(state.sealed).toBeTypeOf('boolean');
}

function expectCount(value: number): void {
  expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
}

function expectChecksum(value: bigint | undefined): void {
  expect(
    value === undefined || (typeof value === 'bigint' && BigInt.asUintN(64, value) === value),
  ).toBe(true);
}
