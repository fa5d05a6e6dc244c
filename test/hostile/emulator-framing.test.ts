import { describe, expect, test } from 'vitest';
import { headText, openRawConnection } from '../emulator/raw-connection.js';
import { readAnswers } from './emulator-answers.js';
import {
  type HostileRequest,
  requestText,
  tell,
  tooLongChunk,
  tooLongHead,
  unreadable,
  type Verdict,
} from './emulator-client.js';
import { startGuarded, ways } from './emulator-guard.js';

const chunked = 'transfer-encoding: chunked';

interface Framing {
  readonly scenario: string;
  readonly lines: readonly string[];
  readonly body?: string;
  readonly verdict?: Verdict;
}

const refused: readonly Framing[] = [
  ...['-1', '+1', '0x1', '1e0', '1.0', '1 1', '', 'NaN', '1,1', '1;', '9'.repeat(20)].map(
    (length) => ({ scenario: `the length "${length}"`, lines: [`content-length: ${length}`] }),
  ),
  { scenario: 'two lengths', lines: ['content-length: 1', 'content-length: 2'] },
  { scenario: 'a length twice', lines: ['content-length: 1', 'content-length: 1'] },
  { scenario: 'a length, and a body that is not chunked', lines: ['content-length: 1', chunked] },
  { scenario: 'a body that is not chunked, and a length', lines: [chunked, 'content-length: 1'] },
  ...['identity', 'xchunked', 'chunked, identity', 'chunked, chunkedx', 'gzip', '"chunked"'].map(
    (coding) => ({ scenario: `the coding ${coding}`, lines: [`transfer-encoding: ${coding}`] }),
  ),
  ...['zz', '-1', '', ' 1', '0x1', 'f'.repeat(17), '1\0', '1 x', '1;\0'].map((size) => ({
    scenario: `a chunk of ${JSON.stringify(size)} bytes`,
    lines: [chunked],
    body: `${size}\r\nx\r\n0\r\n\r\n`,
  })),
  { scenario: 'a chunk longer than its size', lines: [chunked], body: '1\r\nxy\r\n0\r\n\r\n' },
  {
    scenario: 'an endless chunk extension',
    lines: [chunked],
    body: `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`,
    verdict: tooLongChunk,
  },
  {
    scenario: 'endless trailers',
    lines: [chunked],
    body: `1\r\nx\r\n0\r\n${'a: b\r\n'.repeat(10_000)}\r\n`,
    verdict: tooLongHead,
  },
  { scenario: 'an invalid trailer', lines: [chunked], body: '1\r\nx\r\n0\r\nnonsense\r\n\r\n' },
  {
    scenario: 'no length at all',
    lines: [],
    body: '',
    verdict: { status: 411, code: 'MissingContentLength' },
  },
];

const accepted: readonly Framing[] = [
  // The C SDK sends both with every body; the chunks take precedence.
  {
    scenario: 'a length and chunks',
    lines: ['content-length: 9', chunked],
    body: '1\r\nx\r\n0\r\n\r\n',
  },
  {
    scenario: 'chunks and a length',
    lines: [chunked, 'content-length: 9'],
    body: '1\r\nx\r\n0\r\n\r\n',
  },
  { scenario: 'leading zeros', lines: [chunked], body: '0001\r\nx\r\n000\r\n\r\n' },
  {
    scenario: 'a length in the trailers',
    lines: [chunked],
    body: '1\r\nx\r\n0\r\ncontent-length: 9\r\n\r\n',
  },
  { scenario: 'a small extension', lines: [chunked], body: '1;a="b;c"\r\nx\r\n0;d\r\n\r\n' },
  { scenario: 'trailers', lines: [chunked], body: '1\r\nx\r\n0\r\nx-oss-meta-a: b\r\n\r\n' },
  {
    scenario: 'chunks after another coding',
    lines: ['transfer-encoding: gzip, chunked'],
    body: '1\r\nx\r\n0\r\n\r\n',
  },
  { scenario: 'a length with leading zeros', lines: ['content-length: 0001'], body: 'x' },
];

const uses = [
  { method: 'PUT', query: {} },
  { method: 'POST', query: { append: '', position: '0' } },
] as const;

describe.each(ways)('with $way', (way) => {
  test('a body with an ambiguous end is refused and stores nothing', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;

    for (const { scenario, lines, body = 'x', verdict = unreadable } of refused) {
      for (const use of uses) {
        const text = requestText(emulator, { ...use, key: 'a', lines }) + body;
        expect([scenario, await tell(emulator, text)]).toEqual([scenario, verdict]);
        await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('no such object');
      }
    }
    await guarded.assertUnharmed();
  });

  test('a body with unusual but valid framing is stored', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;

    for (const { scenario: key, lines, body = '' } of accepted) {
      const request = { method: 'PUT', key, lines };
      expect([key, await tell(emulator, requestText(emulator, request) + body)]).toEqual([
        key,
        { status: 200 },
      ]);
      expect(String(await emulator.read('examplebucket', key))).toBe('x');
    }
    await guarded.assertUnharmed();
  });

  test('a body in chunks with LF instead of CRLF stores nothing', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;
    const text = requestText(emulator, { ...uses[1], key: 'a', lines: [chunked] });

    await using connection = await openRawConnection(emulator);
    connection.socket.end(`${text}1\nx\n0\n\n`);
    await connection.untilClosed();
    await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('no such object');
    await guarded.assertUnharmed();
  });

  test.each(['5368709121', String(2n ** 53n), String(2n ** 64n - 1n)])(
    'a body of %s bytes is refused before it is sent',
    async (length) => {
      await using guarded = await startGuarded(way);
      const { emulator } = guarded;
      const lines = [`content-length: ${length}`];
      const [put, append] = uses.map((use) => requestText(emulator, { ...use, key: 'a', lines }));

      expect(await tell(emulator, put ?? '')).toEqual({ status: 400, code: 'InvalidArgument' });
      expect(await tell(emulator, append ?? '')).toEqual({ status: 400, code: 'EntityTooLarge' });
      await guarded.assertUnharmed();
    },
  );

  test('an append that is cut off at any byte stores nothing, and a complete one all of its bytes', async () => {
    await using guarded = await startGuarded(way);
    const { emulator } = guarded;
    const body = 'all or nothing';
    const text = requestText(emulator, { ...uses[1], key: 'a', body });

    for (let length = 0; length < text.length; length += 7) {
      await using connection = await openRawConnection(emulator);
      connection.socket.end(text.slice(0, length));
      const received = await connection.untilClosed();
      expect(
        readAnswers(received, { hasEnded: true }).answers.map(({ status }) => status),
      ).toSatisfy(isRefused);
      await expect(emulator.read('examplebucket', 'a')).rejects.toThrow('no such object');
    }
    expect(await tell(emulator, text)).toEqual({ status: 200 });
    expect(String(await emulator.read('examplebucket', 'a'))).toBe(body);
    await guarded.assertUnharmed();
  });

  test.each(['GET', 'HEAD', 'DELETE'])(
    'the body of a %s is skipped, and not taken for a request',
    async (method) => {
      await using guarded = await startGuarded(way);
      const { emulator } = guarded;
      const inner = headText('DELETE', '/examplebucket/kept', { host: 'localhost' });
      const requests: HostileRequest[] = [
        { method: 'PUT', key: 'kept', body: 'x' },
        { method, key: 'a', body: inner },
        { method: 'HEAD', key: 'kept' },
      ];
      const methods = ['PUT', method, 'HEAD'];
      await using connection = await openRawConnection(emulator);
      const statuses = (text: string) =>
        readAnswers(text, { methods, hasEnded: false }).answers.map(({ status }) => status);

      connection.write(requests.map((request) => requestText(emulator, request)).join(''));
      const received = await connection.untilEnough((text) => statuses(text).length === 3);

      expect(statuses(received)).toEqual([200, method === 'DELETE' ? 204 : 404, 200]);
      await guarded.assertUnharmed();
    },
  );
});

function isRefused(statuses: readonly number[]): boolean {
  return statuses.every((status) => status === 400);
}
