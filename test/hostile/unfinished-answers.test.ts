import { expect, test } from 'vitest';
import {
  answer,
  drip,
  endlessAnswer,
  five,
  ossAnswer,
  say,
  signedOff,
  wellBehaved,
} from './hostile-answers.js';
import { brief, connectFor, operations, type Row, settled, verdictOf } from './hostile-client.js';
import { closed } from './hostile-server.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

const receipt = (...lines: string[]) => ossAnswer('200 OK', [five, ...lines]);
const chunked = receipt('transfer-encoding: chunked');
const head = answer('200 OK', [signedOff, five]);

const rows: Row[] = [
  { scenario: 'silence', treatment: () => {}, verdict: 'unknown' },
  { scenario: 'an unfinished head', treatment: say(head.subarray(0, -2)), verdict: 'unknown' },
  {
    scenario: 'half of what Content-Length says',
    treatment: say(receipt('content-length: 100'), 'half'),
    verdict: 'unknown',
    head: 'success',
  },
  {
    scenario: 'an enormous Content-Length',
    treatment: say(receipt('content-length: 18446744073709551615')),
    verdict: 'success',
    get: 'unknown',
  },
  {
    scenario: 'half a chunk',
    treatment: say(chunked, '5\r\nab'),
    verdict: 'unknown',
    head: 'success',
  },
  {
    scenario: 'chunks under another name',
    treatment: say(receipt('transfer-encoding: xchunked'), '0\r\n\r\n'),
    verdict: 'unknown',
    head: 'success',
  },
  { scenario: 'a slow status line', treatment: drip('HTTP/1.1 200 ', 'x'), verdict: 'unknown' },
  {
    scenario: 'a slow header',
    treatment: drip(`${head.subarray(0, -2)}x: `, 'x'),
    verdict: 'unknown',
  },
  { scenario: 'slow empty lines', treatment: drip('', '\r\n'), verdict: 'unknown' },
  {
    scenario: 'slow interim answers',
    treatment: drip('', answer('102 Processing', [])),
    verdict: 'unknown',
  },
  {
    scenario: 'a slow body of a success',
    treatment: drip(endlessAnswer('200 OK', [five]), 'x'),
    verdict: 'unknown',
    head: 'success',
  },
  {
    scenario: 'a slow body of a refusal',
    treatment: drip(endlessAnswer('403 Forbidden'), 'x'),
    verdict: 'unknown',
    head: 'forbidden',
  },
];

// All concurrently, because each one takes the whole timeout.
test('a request whose answer does not end fails at its timeout, and its connection is closed', async () => {
  const cases = rows.flatMap((row) => operations.map((operation) => ({ row, operation })));
  await Promise.all(
    cases.map(async ({ row, operation }) => {
      const scenario = `${operation} and ${row.scenario}`;
      const { client, server } = await connectFor(brief, row.treatment, wellBehaved);
      const verdict = await verdictOf(operation, client);
      expect(verdict, scenario).toBe(row[operation] ?? row.verdict);
      if (verdict === 'unknown') await settled(closed(server.connections[0]));
      expect(await verdictOf(operation, client), `after ${scenario}`).toBe('success');
    }),
  );
});
