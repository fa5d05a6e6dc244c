import { describe, expect, test } from 'vitest';
import { five, ossAnswer, wellBehaved } from './hostile-answers.js';
import { checkedOutcome, connect, settled, type Verdict } from './hostile-client.js';
import { closed, type Treatment } from './hostile-server.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

// More than the loopback buffers hold between two sockets.
const body = Buffer.alloc(16 * 1024 * 1024, 'a');

const document = (code: string) => `<Error><Code>${code}</Code></Error>`;

/**
 * Answers as soon as the head has arrived, stops reading, then keeps, ends or resets the
 * connection.
 */
function early(answer: Buffer, next: 'keep' | 'end' | 'reset'): Treatment {
  return ({ socket }) => {
    socket.pause();
    socket.write(answer, () => {
      if (next === 'end') socket.end();
      if (next === 'reset') setImmediate(() => socket.resetAndDestroy());
    });
  };
}

interface Row {
  readonly scenario: string;
  readonly answer: Buffer;
  readonly verdict: Verdict;
}

const rows: Row[] = [
  { scenario: '200', answer: ossAnswer('200 OK', [five]), verdict: 'success' },
  {
    scenario: '400',
    answer: ossAnswer('400 Bad', [], document('InvalidArgument')),
    verdict: 'fatal',
  },
  {
    scenario: '400 RequestTimeout',
    answer: ossAnswer('400 Bad', [], document('RequestTimeout')),
    verdict: 'rejected',
  },
  {
    scenario: '403',
    answer: ossAnswer('403 No', [], document('AccessDenied')),
    verdict: 'forbidden',
  },
  {
    scenario: '409',
    answer: ossAnswer('409 No', [five], document('PositionNotEqualToLength')),
    verdict: 'conflict',
  },
  { scenario: '500', answer: ossAnswer('500 No'), verdict: 'unknown' },
];

describe.each(['keep', 'end'] as const)(
  'an answer before its request was sent completely, with the connection then left to %s,',
  (next) => {
    test.each(rows)('counts: $scenario', async ({ answer, verdict }) => {
      const { client, server } = await connect(early(answer, next), wellBehaved);
      const appending = client.appendObject('a.log', 0, body);
      await expect(settled(appending.then(() => 'success', checkedOutcome))).resolves.toBe(verdict);

      // The server would take the rest of the body for the next request.
      expect(await client.appendObject('a.log', 0, Buffer.from('hello'))).toMatchObject({
        nextPosition: 5,
      });
      expect(server.connections).toHaveLength(2);
      server.connections[0]?.resume();
      await settled(closed(server.connections[0]));
      expect(server.requests).toHaveLength(2);
    });
  },
);

test.each(rows)(
  'a reset after an early answer makes the request end with that answer or as unknown: $scenario',
  async (row) => {
    const { client } = await connect(early(row.answer, 'reset'), wellBehaved);
    const appending = client.appendObject('a.log', 0, body);
    const verdict = await settled(appending.then(() => 'success', checkedOutcome));
    expect(['unknown', row.verdict]).toContain(verdict);
    expect(await client.appendObject('a.log', 0, Buffer.from('hello'))).toMatchObject({
      nextPosition: 5,
    });
  },
);
