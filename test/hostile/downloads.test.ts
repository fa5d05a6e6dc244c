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

/** Reads to the end, each piece as it came. */
async function piecesOf(stream: Readable): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  await settled(once(stream, 'end'));
  return pieces;
}

/** The number of bytes that came, or the outcome of the error instead. */
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

describe('a connection that ends while nobody reads', () => {
  const framings = [
    { framing: 'a length', lines: (size: number) => [`content-length: ${size}`] },
    {
      framing: 'a length, on a connection that does not stay',
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

  test.each(rows)('and $how loses nothing unnoticed: $size bytes of $framing', async (row) => {
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
  });
});

test('a slow reader is not taken for a silent server', async () => {
  const size = 8 * 1024 * 1024;
  const whole = say(partOf(size, `content-length: ${size}`), Buffer.alloc(size));
  const { client } = await connectFor(brief, whole);
  const stream = await client.getObject('a.log', { start: 0, end: size });
  await delay(1.2 * brief);
  expect(await endOf(stream)).toBe(size);
});

test('a server that falls silent within the body is given up', async () => {
  const { client, server } = await connectFor(brief, say(partOf(9, 'content-length: 9'), 'half'));
  const stream = await client.getObject('a.log', { start: 0, end: 9 });
  const reading = piecesOf(stream);
  await expect(reading).rejects.toMatchObject({ outcome: 'unknown', answered: false });
  await expect(reading).rejects.toThrow(`within ${brief} ms`);
  await settled(closed(server.connections[0]));
});

describe('a range', () => {
  const inChunks = (byteLength: number) => partOf(byteLength, 'transfer-encoding: chunked');

  test.each<{ scenario: string; treatment: Treatment }>([
    { scenario: 'more than', treatment: say(inChunks(5), '6\r\nhello!\r\n0\r\n\r\n') },
    { scenario: 'more and more than', treatment: flood(inChunks(5), '1\r\nx\r\n'.repeat(10_000)) },
    { scenario: 'less than', treatment: say(inChunks(5), '4\r\nhell\r\n0\r\n\r\n') },
    { scenario: 'nothing of', treatment: say(inChunks(5), '0\r\n\r\n') },
  ])('that brings $scenario it says is noticed', async ({ treatment }) => {
    const { client } = await connect(treatment, wellBehaved);
    expect(await endOf(await client.getObject('a.log', { start: 0, end: 5 }))).toBe('unknown');
    expect(await verdictOf('get', client)).toBe('success');
  });

  test.each([
    ...['', 'bytes 0-4', 'bytes 4-0/5', 'bytes -5/5', 'bytes */5', 'bytes 1-4/5', 'bytes 0-5/6'],
    `bytes 0-${'9'.repeat(20)}/5`,
    'bytes 0-4/5\r\ncontent-range: bytes 0-4/5',
  ])('of %j is not what was asked for', async (range) => {
    const answer = ossAnswer('206 Partial Content', [`content-range: ${range}`], 'hello');
    const { client } = await connect(say(answer), wellBehaved);
    const getting = client.getObject('a.log', { start: 0, end: 5 });
    expect(await getting.then(() => 'success', checkedOutcome)).toBe('unknown');
    expect(await verdictOf('get', client)).toBe('success');
  });
});

test('bytes that come with much around each keep none of it', async () => {
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

test('a download that nobody reads stops the server, and the next request has a connection', async () => {
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

test('a download that has come whole, but was not read, does not hold up its connection', async () => {
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

test('what a connection has brought before does not count against an answer', async () => {
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
