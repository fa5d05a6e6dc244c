import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { five, flood, ossAnswer, say, wellBehaved } from './hostile-answers.js';
import {
  brief,
  checkedOutcome,
  connect,
  connectFor,
  createClient,
  settled,
  verdictOf,
} from './hostile-client.js';
import { closed, startHostileServer, type Treatment } from './hostile-server.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

/** Reads to the end, and returns the pieces as received. */
async function piecesOf(stream: Readable): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  await settled(once(stream, 'end'));
  return pieces;
}

/** The number of bytes received; the outcome of the error if there is one. */
async function endOf(stream: Readable): Promise<unknown> {
  return piecesOf(stream).then((pieces) => Buffer.concat(pieces).length, checkedOutcome);
}

const partOf = (byteLength: number, ...lines: string[]) =>
  ossAnswer('206 Partial Content', [
    `content-range: bytes 0-${byteLength - 1}/${byteLength}`,
    ...lines,
  ]);

/** Resolves when `value` has stopped changing. */
async function quiet(value: () => number): Promise<void> {
  for (let unchanged = 0, last = value(); unchanged < 6; ) {
    await delay(25);
    unchanged = value() === last ? unchanged + 1 : 0;
    last = value();
  }
}

describe('a connection that ends while the download is not read', () => {
  const framings = [
    { framing: 'a length', lines: (size: number) => [`content-length: ${size}`] },
    {
      framing: 'a length with Connection: close',
      lines: (size: number) => [`content-length: ${size}`, 'connection: close'],
    },
    { framing: 'no length', lines: () => ['transfer-encoding: none', 'connection: close'] },
  ];
  const rows = framings.flatMap((row) =>
    [17_000, 70_000, 400_000].flatMap((size) => [
      { ...row, size, how: 'ends' },
      { ...row, size, how: 'is reset' },
    ]),
  );

  test.each(rows)(
    'and $how loses no bytes without an error: $size bytes with $framing',
    async (row) => {
      const { size, how, lines } = row;
      const { client, server } = await connect(({ socket }) => {
        socket.write(partOf(size, ...lines(size)));
        socket.write(Buffer.alloc(size), () => {
          if (how === 'ends') socket.end();
          else setTimeout(() => socket.resetAndDestroy(), 10);
        });
      }, wellBehaved);
      const stream = await client.getObject('a.log', { start: 0, end: size });
      const noticed: unknown[] = [];
      stream.on('error', (error) => noticed.push(checkedOutcome(error)));
      await delay(50);

      const end = stream.destroyed ? noticed[0] : await endOf(stream);
      expect(how === 'ends' ? [size] : [size, 'unknown']).toContain(end);
      await settled(closed(server.connections[0]));
      expect(await verdictOf('get', client)).toBe('success');
    },
  );
});

test('a slow reader does not cause a timeout', async () => {
  const size = 8 * 1024 * 1024;
  const whole = say(partOf(size, `content-length: ${size}`), Buffer.alloc(size));
  const { client } = await connectFor(brief, whole);
  const stream = await client.getObject('a.log', { start: 0, end: size });
  await delay(1.2 * brief);
  expect(await endOf(stream)).toBe(size);
});

test('a server that stops sending within the body causes a timeout', async () => {
  const { client, server } = await connectFor(brief, say(partOf(9, 'content-length: 9'), 'half'));
  const stream = await client.getObject('a.log', { start: 0, end: 9 });
  const reading = piecesOf(stream);
  await expect(reading).rejects.toMatchObject({ outcome: 'unknown', answered: false });
  await expect(reading).rejects.toThrow(`within ${brief} ms`);
  await settled(closed(server.connections[0]));
});

describe('the answer to a range', () => {
  const inChunks = (byteLength: number) => partOf(byteLength, 'transfer-encoding: chunked');

  test.each<{ scenario: string; treatment: Treatment }>([
    { scenario: 'more bytes than', treatment: say(inChunks(5), '6\r\nhello!\r\n0\r\n\r\n') },
    {
      scenario: 'endlessly more bytes than',
      treatment: flood(inChunks(5), '1\r\nx\r\n'.repeat(10_000)),
    },
    { scenario: 'fewer bytes than', treatment: say(inChunks(5), '4\r\nhell\r\n0\r\n\r\n') },
    { scenario: 'no bytes of', treatment: say(inChunks(5), '0\r\n\r\n') },
  ])('with $scenario its Content-Range makes the download fail', async ({ treatment }) => {
    const { client } = await connect(treatment, wellBehaved);
    expect(await endOf(await client.getObject('a.log', { start: 0, end: 5 }))).toBe('unknown');
    expect(await verdictOf('get', client)).toBe('success');
  });

  test.each([
    ...['', 'bytes 0-4', 'bytes 4-0/5', 'bytes -5/5', 'bytes */5', 'bytes 1-4/5', 'bytes 0-5/6'],
    `bytes 0-${'9'.repeat(20)}/5`,
    'bytes 0-4/5\r\ncontent-range: bytes 0-4/5',
  ])('with Content-Range %j is refused', async (range) => {
    const answer = ossAnswer('206 Partial Content', [`content-range: ${range}`], 'hello');
    const { client } = await connect(say(answer), wellBehaved);
    const getting = client.getObject('a.log', { start: 0, end: 5 });
    expect(await getting.then(() => 'success', checkedOutcome)).toBe('unknown');
    expect(await verdictOf('get', client)).toBe('success');
  });
});

test('bytes that each arrive in a chunk with a long extension do not keep its memory', async () => {
  const count = 200;
  const spread = `1;${'x'.repeat(60_000)}\r\ny\r\n`.repeat(count);
  const { client } = await connect(
    say(ossAnswer('200 OK', ['transfer-encoding: chunked']), spread, '0\r\n\r\n'),
  );
  const pieces = await piecesOf(await client.getObject('a.log'));
  expect(Buffer.concat(pieces).length).toBe(count);
  const kept = new Set(pieces.map(({ buffer }) => buffer));
  const held = [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect(held).toBeLessThan(256 * 1024);
});

test('a download that is not read makes the server wait, and the next request uses another connection', async () => {
  const piece = Buffer.alloc(64_000);
  await using server = await startHostileServer(
    flood(ossAnswer('200 OK', [`content-length: ${2 ** 40}`]), piece),
    wellBehaved,
  );
  const client = createClient(server.endpoint);
  const stream = await client.getObject('a.log');
  await quiet(() => server.bytesSent);
  expect(server.bytesSent).toBeLessThan(24 * 1024 * 1024);
  expect(await verdictOf('append', client)).toBe('success');

  stream.destroy();
  await settled(closed(server.connections[0]));
});

test('a download that arrived completely without being read does not block its connection', async () => {
  const size = 30_000;
  const whole = say(partOf(size, `content-length: ${size}`), Buffer.alloc(size));
  const { client, server } = await connectFor(brief, whole, wellBehaved);
  const stream = await client.getObject('a.log', { start: 0, end: size });
  await settled(once(stream, 'readable'));
  for (const operation of ['append', 'head'] as const) {
    expect(await verdictOf(operation, client)).toBe('success');
  }
  expect(server.connections).toHaveLength(1);
  await delay(1.2 * brief);
  expect(await endOf(stream)).toBe(size);
});

test('bytes that a connection has received before do not count against the limit of an answer', async () => {
  const receipt = ossAnswer('200 OK', [five]);
  const size = 4 * 1024 * 1024;
  const { client, server } = await connect(
    say(partOf(size, `content-length: ${size}`), Buffer.alloc(size)),
    async (request) => {
      request.socket.write('HTTP/1.1 ');
      await delay(20);
      await say(receipt.subarray('HTTP/1.1 '.length))(request);
    },
  );
  expect(await endOf(await client.getObject('a.log', { start: 0, end: size }))).toBe(size);
  expect(await verdictOf('append', client)).toBe('success');
  expect(server.connections).toHaveLength(1);
});
