import { describe, expect, test } from 'vitest';
import { five, ossAnswer, say, wellBehaved } from './hostile-answers.js';
import { connect, operations, settled, verdictOf } from './hostile-client.js';
import { closed } from './hostile-server.js';
import { endWith, openStream } from './hostile-stream.js';
import { StoredObject } from './stored-object.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

// A plausible answer to an append of five bytes at 5 and to a HEAD.
const forged = ossAnswer('200 OK', ['x-oss-next-append-position: 10', 'x-oss-hash-crc64ecma: 1']);
const receipt = ossAnswer('200 OK', [five]);

const beginnings = [
  { scenario: 'whole', unsolicited: forged },
  { scenario: 'cut off at its end', unsolicited: forged.subarray(0, -20) },
  { scenario: 'of one byte', unsolicited: forged.subarray(0, 1) },
  { scenario: 'after empty lines', unsolicited: Buffer.concat([Buffer.from('\r\n\r\n'), forged]) },
  { scenario: 'that is an interim answer', unsolicited: Buffer.from('HTTP/1.1 102 Wait\r\n\r\n') },
];

describe.each(beginnings)('an unsolicited answer, $scenario,', ({ unsolicited }) => {
  test.each(operations)(
    'received together with the answer to %s is not taken for the next answer',
    async (operation) => {
      const { client, server } = await connect(say(receipt, unsolicited), wellBehaved);
      await verdictOf(operation, client);
      expect(await client.appendObject('a.log', 5, Buffer.from('world!'))).toMatchObject({
        nextPosition: 11,
        crc64: undefined,
      });
      expect(server.connections).toHaveLength(2);
    },
  );

  test.each(operations)(
    'after the answer to %s makes the client close the connection',
    async (operation) => {
      const { client, server } = await connect(say(receipt), wellBehaved);
      await verdictOf(operation, client);
      server.connections[0]?.write(unsolicited);
      await settled(closed(server.connections[0]));
      expect((await client.headObject('a.log'))?.length).toBe(5);
      expect(server.connections).toHaveLength(2);
    },
  );
});

describe('the answer to HEAD', () => {
  test.each([
    { scenario: 'an announced body', lines: [five, `content-length: ${forged.length}`] },
    { scenario: 'a body in chunks', lines: [five, 'transfer-encoding: chunked'] },
    { scenario: 'an unannounced body', lines: [five, 'content-length: 0'] },
  ])('with $scenario does not affect the next request', async ({ lines }) => {
    const { client, server } = await connect(say(ossAnswer('200 OK', lines), forged), wellBehaved);
    expect((await client.headObject('a.log'))?.length).toBe(5);
    expect(await client.appendObject('a.log', 5, Buffer.from('world!'))).toMatchObject({
      nextPosition: 11,
      crc64: undefined,
    });
    expect(server.connections).toHaveLength(2);
  });
});

test('a stream ignores receipts that arrive together with the previous one', async () => {
  const object = new StoredObject();
  const { stream, server } = await openStream(
    [
      async (request) => {
        const answer = await object.serve(request);
        const next = (object.content?.length ?? 0) + 2;
        const along = ossAnswer('200 OK', [`x-oss-next-append-position: ${next}`]);
        request.socket.write(Buffer.concat([answer, along]));
      },
    ],
    { chunkSize: 2 },
  );
  expect(await endWith(stream, Buffer.from('abcdefgh'))).toMatchObject({ isFinished: true });
  expect(String(object.content)).toBe('abcdefgh');
  expect(server.connections).toHaveLength(5);
});
