import { describe, expect, test } from 'vitest';
import { floods } from './floods.js';
import { endlessAnswer, flood, wellBehaved } from './hostile-answers.js';
import { connect, createClient, operations, settled, verdictOf } from './hostile-client.js';
import { closed, startHostileServer } from './hostile-server.js';
import { endWith, openStream } from './hostile-stream.js';
import { honest, StoredObject } from './stored-object.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

// No test waits that long.
const forEver = 600_000;

// A little more than the loopback buffers hold between two sockets.
const mostSent = 24 * 1024 * 1024;

describe('a request is aborted long before its timeout by an endless', () => {
  test.each(floods)('$scenario', async (row) => {
    for (const operation of operations) {
      await using server = await startHostileServer(row.treatment, wellBehaved);
      const client = createClient(server.endpoint, { requestTimeout: forEver });
      expect(await verdictOf(operation, client), operation).toBe(row[operation] ?? row.verdict);
      await settled(closed(server.connections[0]));
      expect(server.bytesSent).toBeLessThan(mostSent);
      expect(await verdictOf(operation, client), `${operation} after it`).toBe('success');
    }
  });
});

describe('a stream reconciles after an append that is answered with an endless', () => {
  test.each(floods)('$scenario', async ({ treatment }) => {
    const object = new StoredObject();
    const { stream, server } = await openStream(
      [
        honest(object),
        async (request) => {
          await object.serve(request);
          await treatment(request);
        },
        honest(object),
      ],
      { requestTimeout: forEver },
    );
    expect(await endWith(stream, Buffer.from('hello'))).toMatchObject({ isFinished: true });
    expect(String(object.content)).toBe('hello');
    expect(server.bytesSent).toBeLessThan(mostSent);
  });
});

test('a client whose requests all get endless answers keeps few connections', async () => {
  const { client, server } = await connect(flood(endlessAnswer('500 Error'), 'x'.repeat(64_000)));
  for (let nth = 0; nth < 10; nth++) expect(await verdictOf('append', client)).toBe('unknown');
  expect(server.connections.filter(({ destroyed }) => !destroyed).length).toBeLessThan(6);
});
