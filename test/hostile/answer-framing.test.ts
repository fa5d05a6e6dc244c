import { describe, expect, test } from 'vitest';
import {
  answer,
  five,
  ossAnswer,
  say,
  sayAndClose,
  signedOff,
  wellBehaved,
} from './hostile-answers.js';
import { connect, operations, type Row, type Verdict, verdictOf } from './hostile-client.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

const receipt = (...lines: string[]) => ossAnswer('200 OK', [five, ...lines]);
const chunked = receipt('transfer-encoding: chunked');
const readsNoBody: Partial<Row> = { head: 'success' };

function expectVerdicts(rows: Row[]): void {
  test.each(rows)('$scenario is $verdict', async (row) => {
    await Promise.all(
      operations.map(async (operation) => {
        const { client } = await connect(row.treatment, wellBehaved);
        expect(await verdictOf(operation, client), operation).toBe(row[operation] ?? row.verdict);
        expect(await verdictOf(operation, client), `${operation} after it`).toBe('success');
      }),
    );
  });
}

describe('an answer with a status line', () => {
  expectVerdicts([
    { scenario: 'that is not HTTP', treatment: say('SSH-2.0-x\r\n\r\n'), verdict: 'unknown' },
    { scenario: 'without a status', treatment: say('HTTP/1.1\r\n\r\n'), verdict: 'unknown' },
    { scenario: 'of 000', treatment: say(ossAnswer('000 X', [five])), verdict: 'unknown' },
    { scenario: 'of 099', treatment: say(ossAnswer('099 X', [five])), verdict: 'unknown' },
    { scenario: 'of 999', treatment: say(ossAnswer('999 X', [five])), verdict: 'unknown' },
    { scenario: 'of 1000', treatment: say(ossAnswer('1000 X', [five])), verdict: 'unknown' },
    { scenario: 'of -1', treatment: say(ossAnswer('-1 X', [five])), verdict: 'unknown' },
    {
      scenario: 'of HTTP/9.9',
      treatment: say(String(receipt()).replace('1.1', '9.9')),
      verdict: 'unknown',
    },
    {
      scenario: 'of HTTP/1.0',
      treatment: say(String(receipt()).replace('1.1', '1.0')),
      verdict: 'success',
    },
    {
      scenario: 'and lines that end with LF only',
      treatment: say(String(receipt()).replaceAll('\r\n', '\n')),
      verdict: 'unknown',
    },
  ]);
});

describe('an interim answer', () => {
  expectVerdicts([
    {
      scenario: 'of 102 with a position, before the final answer,',
      treatment: say(
        answer('102 Processing', [signedOff, 'x-oss-next-append-position: 9']),
        receipt(),
      ),
      verdict: 'success',
    },
    {
      scenario: 'repeated a hundred times',
      treatment: say(...Array<Buffer>(100).fill(answer('103 Early Hints', [])), receipt()),
      verdict: 'success',
    },
    {
      scenario: 'with a Content-Length',
      treatment: say(answer('103 Early Hints', [signedOff, 'content-length: 999999']), receipt()),
      verdict: 'success',
    },
    {
      scenario: 'with a body',
      treatment: say(answer('102 Processing', ['content-length: 5']), 'hello', receipt()),
      verdict: 'unknown',
    },
    {
      scenario: 'that switches protocols (101)',
      treatment: say(
        answer('101 Switching', ['connection: upgrade', 'upgrade: x', signedOff, five]),
      ),
      verdict: 'unknown',
    },
    {
      scenario: 'that switches to no protocol (101)',
      treatment: say(answer('101 Switching', [signedOff, five]), receipt()),
      verdict: 'unknown',
    },
    {
      scenario: 'of 100 without an Expect header',
      treatment: say(answer('100 Continue', []), receipt()),
      verdict: 'unknown',
    },
  ]);
});

describe('an answer without a body: status', () => {
  expectVerdicts([
    { scenario: '204', treatment: say(ossAnswer('204 No', [five])), verdict: 'unknown' },
    { scenario: '205', treatment: say(ossAnswer('205 Reset', [five])), verdict: 'unknown' },
    { scenario: '304', treatment: say(ossAnswer('304 Not Modified', [five])), verdict: 'fatal' },
  ]);
});

describe('an answer with a Content-Length', () => {
  expectVerdicts([
    ...['', ' ', '-1', '+0', '0x0', '0, 0', '1.5', '18446744073709551616', '9'.repeat(30)].map(
      (value): Row => ({
        scenario: `of "${value}"`,
        treatment: say(receipt(`content-length:${value}`)),
        verdict: 'unknown',
      }),
    ),
    {
      scenario: 'sent twice',
      treatment: say(receipt('content-length: 0', 'content-length: 0')),
      verdict: 'unknown',
    },
    {
      scenario: 'together with chunks',
      treatment: say(receipt('content-length: 2', 'transfer-encoding: chunked'), '0\r\n\r\n'),
      verdict: 'unknown',
    },
    {
      scenario: 'beyond the body, after which the connection ends,',
      treatment: sayAndClose(receipt('content-length: 100'), 'half'),
      verdict: 'unknown',
      ...readsNoBody,
    },
    {
      scenario: 'shorter than the body',
      treatment: say(receipt('content-length: 2'), 'much more'),
      verdict: 'success',
    },
    {
      scenario: 'of zero and a body',
      treatment: say(receipt('content-length: 0'), 'hello'),
      verdict: 'success',
    },
  ]);
});

describe('an answer in chunks', () => {
  expectVerdicts([
    { scenario: 'that are well-formed', treatment: say(chunked, '0\r\n\r\n'), verdict: 'success' },
    {
      scenario: 'with an invalid size',
      treatment: say(chunked, 'zz\r\n\r\n'),
      verdict: 'unknown',
      ...readsNoBody,
    },
    {
      scenario: 'with an enormous size',
      treatment: say(chunked, `${'f'.repeat(17)}\r\n`),
      verdict: 'unknown',
      ...readsNoBody,
    },
    {
      scenario: 'that are cut off',
      treatment: sayAndClose(chunked, '5\r\nab'),
      verdict: 'unknown',
      ...readsNoBody,
    },
    {
      scenario: 'with a megabyte of trailers',
      treatment: say(chunked, '0\r\n', `x: ${'y'.repeat(1000)}\r\n`.repeat(1000), '\r\n'),
      verdict: 'unknown',
      ...readsNoBody,
    },
    {
      scenario: 'whose trailers have what the headers should have',
      treatment: say(ossAnswer('200 OK', ['transfer-encoding: chunked']), `0\r\n${five}\r\n\r\n`),
      verdict: 'unknown',
      get: 'success',
      seal: 'success',
    },
  ]);
});

describe('an answer with a header section', () => {
  const odd = (scenario: string, line: string, verdict: Verdict): Row => ({
    scenario,
    treatment: say(receipt(line)),
    verdict,
  });
  expectVerdicts([
    odd('with a line that is not a header', 'no colon', 'unknown'),
    odd('with space before a colon', 'x-y : z', 'unknown'),
    odd('with a folded line', 'x-y: z\r\n z', 'unknown'),
    odd('with a NUL', 'x-y: a\0b', 'unknown'),
    odd('with an escape', 'x-y: \x1b[31m', 'unknown'),
    odd('with bytes beyond ASCII', 'x-y: \x9b31m\xff', 'success'),
    odd('with names of a prototype', '__proto__: x\r\n__proto__: y\r\nconstructor: z', 'success'),
    odd('of a megabyte in one line', `x: ${'y'.repeat(1024 * 1024)}`, 'unknown'),
    odd('of a thousand lines', `x: ${'y'.repeat(40)}\r\n`.repeat(1000), 'unknown'),
    odd('that wants to switch protocols', 'connection: upgrade\r\nupgrade: h2c', 'success'),
    odd('with a keep-alive timeout of 0', 'keep-alive: timeout=0', 'success'),
    odd('with an enormous keep-alive timeout', `keep-alive: timeout=${'9'.repeat(30)}`, 'success'),
    {
      scenario: 'that is cut off',
      treatment: sayAndClose(answer('200 OK', [signedOff, five]).subarray(0, -2)),
      verdict: 'unknown',
    },
  ]);
});

describe('a connection that brings, instead of an answer,', () => {
  expectVerdicts([
    { scenario: 'its end', treatment: ({ socket }) => void socket.end(), verdict: 'unknown' },
    {
      scenario: 'a reset',
      treatment: ({ socket }) => void socket.resetAndDestroy(),
      verdict: 'unknown',
    },
    {
      scenario: 'the request itself',
      treatment: ({ socket, head }) => void socket.write(head),
      verdict: 'unknown',
    },
  ]);
});
