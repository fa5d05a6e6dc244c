import { describe, expect, test } from 'vitest';
import { answer, five, ossAnswer, say } from './hostile-answers.js';
import { connect, operations, verdictOf } from './hostile-client.js';
import { endWith, openStream } from './hostile-stream.js';
import { honest, StoredObject } from './stored-object.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

/** Values that are neither a number of bytes nor a checksum. */
const nonsense = [
  ...['', 'abc', '-1', '+5', '1.5', '5e0', '0x10', '5 5', '5,5', '5;', 'NaN', 'Infinity', '\xb2'],
  '18446744073709551616',
  '9'.repeat(30),
  '9'.repeat(10_000),
];

const short = (value: string) =>
  value.length > 40 ? `${value.slice(0, 3)}… of ${value.length}` : value;

describe('a position', () => {
  test.each(nonsense.map((value) => ({ scenario: short(value), value })))(
    'of "$scenario" is none',
    async ({ value }) => {
      const { client } = await connect(
        say(ossAnswer('200 OK', [`x-oss-next-append-position:${value}`])),
      );
      expect(await verdictOf('append', client)).toBe('unknown');
      expect(await verdictOf('head', client)).toBe('unknown');
    },
  );

  test.each([
    { scenario: 'space around it', value: ' \t 5 \t ', expected: 5 },
    {
      scenario: 'more than the maximum size of an object',
      value: String(5 * 2 ** 30 + 1),
      expected: 5 * 2 ** 30 + 1,
    },
    { scenario: 'the greatest safe integer', value: String(2 ** 53 - 1), expected: 2 ** 53 - 1 },
  ])('with $scenario is read as $expected', async ({ value, expected }) => {
    const { client } = await connect(
      say(ossAnswer('200 OK', [`x-oss-next-append-position:${value}`])),
    );
    const receipt = await client.appendObject('a.log', 0, Buffer.from('hello'));
    expect(receipt.nextPosition).toBe(expected);
    expect((await client.headObject('a.log'))?.length).toBe(expected);
  });

  test.each([
    {
      scenario: 'a first one that is not a number',
      lines: [five, 'X-OSS-Next-Append-Position: x'],
    },
    { scenario: 'the same one twice', lines: [five, five] },
    {
      scenario: 'one beyond the safe integers',
      lines: ['x-oss-next-append-position: 9007199254740992'],
    },
  ])('that is repeated or unsafe is not used: $scenario', async ({ lines }) => {
    const { client } = await connect(say(ossAnswer('200 OK', lines)));
    expect(await verdictOf('append', client)).toBe('unknown');
    expect(await verdictOf('head', client)).toBe('unknown');
  });
});

test('an answer without a request id is unknown', async () => {
  const unsigned = answer('200 OK', [five, 'x-oss-object-type: Appendable', 'content-length: 0']);
  const { client } = await connect(say(unsigned));
  for (const operation of operations) expect(await verdictOf(operation, client)).toBe('unknown');
});

describe('a checksum', () => {
  test.each([
    ...nonsense.map((value) => ({ scenario: short(value), lines: [value], expected: undefined })),
    { scenario: 'two', lines: ['1', '1'], expected: undefined },
    { scenario: 'zero', lines: [' 0 '], expected: 0n },
    { scenario: 'the greatest', lines: ['18446744073709551615'], expected: 2n ** 64n - 1n },
  ])('of "$scenario" is read as $expected', async ({ lines, expected }) => {
    const checksums = lines.map((value) => `x-oss-hash-crc64ecma:${value}`);
    const { client } = await connect(say(ossAnswer('200 OK', [five, ...checksums])));
    const receipt = await client.appendObject('a.log', 0, Buffer.from('hello'));
    expect(receipt.crc64).toBe(expected);
    expect((await client.headObject('a.log'))?.crc64).toBe(expected);
  });
});

describe('a stream reconciles an append that is answered with a wrong next position', () => {
  test.each([
    ...[0, 1, 4, 6, 10, 5 * 2 ** 30 + 5, 2 ** 53 - 1].map((position) => ({
      scenario: String(position),
      lines: [`x-oss-next-append-position: ${position}`],
    })),
    { scenario: 'nonsense', lines: ['x-oss-next-append-position: 0x5'] },
    { scenario: 'none', lines: [] },
    { scenario: 'two', lines: [five, five] },
  ])('$scenario', async ({ lines }) => {
    const object = new StoredObject();
    const { stream, server } = await openStream([
      honest(object),
      async (request) => {
        await object.serve(request);
        request.socket.write(ossAnswer('200 OK', lines));
      },
      honest(object),
    ]);
    const outcomes: string[] = [];
    stream.on('reconcile', ({ outcome }) => outcomes.push(outcome));

    expect(await endWith(stream, Buffer.from('hello'))).toMatchObject({ isFinished: true });
    expect(outcomes).toEqual(['committed']);
    expect(String(object.content)).toBe('hello');
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'POST', 'HEAD']);
  });
});

describe('a stream whose append is answered with the right next position', () => {
  test.each(nonsense.map((value) => ({ scenario: short(value), value })))(
    'and the invalid checksum "$scenario" accepts the position',
    async ({ value }) => {
      const object = new StoredObject();
      const { stream } = await openStream([
        honest(object),
        say(ossAnswer('200 OK', [five, `x-oss-hash-crc64ecma:${value}`])),
      ]);
      expect(await endWith(stream, Buffer.from('hello'))).toMatchObject({ isFinished: true });
    },
  );

  test('and a wrong checksum fails with ChecksumError', async () => {
    const { stream } = await openStream([
      honest(new StoredObject()),
      say(ossAnswer('200 OK', [five, 'x-oss-hash-crc64ecma: 1'])),
    ]);
    expect(await endWith(stream, Buffer.from('hello'))).toMatchObject({
      error: { code: 'APPEND_ERR_CHECKSUM' },
      bytesWritten: 0,
      confirmed: false,
    });
  });
});
