import { afterEach, describe, expect, test } from 'vitest';
import { five, ossAnswer, say, wellBehaved } from './hostile-answers.js';
import { connect, verdictOf } from './hostile-client.js';
import { startHostileServer } from './hostile-server.js';
import { watchForTrouble } from './trouble.js';

watchForTrouble();

afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Reflect.get({}, 'Code')).toBeUndefined();
});

/** A code that makes a 400 `rejected`; without it, it is `fatal`. */
const code = '<Code>InvalidDigest</Code>';
const declared = (entities: string, text = '&a;') =>
  `<?xml version="1.0"?><!DOCTYPE Error [${entities}]><Error>${code}<Message>${text}</Message></Error>`;
const laughs = Array.from(
  { length: 20 },
  (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`,
);
const megabyte = 'x'.repeat(1024 * 1024);

const unreadable: { scenario: string; document: string | Buffer }[] = [
  {
    scenario: 'a billion laughs',
    document: declared(`<!ENTITY a0 "ha">${laughs.join('')}`, '&a20;'),
  },
  {
    scenario: 'an entity for a file',
    document: declared('<!ENTITY a SYSTEM "file:///etc/passwd">'),
  },
  { scenario: 'parameter entities', document: declared('<!ENTITY % a "x"><!ENTITY a "%a;%a;">') },
  { scenario: 'a recursive entity', document: declared('<!ENTITY a "&a;">') },
  { scenario: '100,000 nested unclosed elements', document: `<Error>${'<a>'.repeat(100_000)}` },
  { scenario: '200,000 brackets', document: '<'.repeat(200_000) },
  {
    scenario: '100,000 attributes',
    document: `<Error ${'a="b" '.repeat(100_000)}>${code}</Error>`,
  },
  {
    scenario: '100,000 empty elements',
    document: `<Error>${'<a/>'.repeat(100_000)}${code}</Error>`,
  },
  {
    scenario: 'a megabyte before the code',
    document: `<Error><Message>${megabyte}</Message>${code}</Error>`,
  },
  { scenario: 'a megabyte of code', document: `<Error><Code>${megabyte}</Code></Error>` },
  { scenario: 'UTF-16', document: Buffer.from(`\ufeff<Error>${code}</Error>`, 'utf16le') },
  { scenario: 'a code cut off', document: '<Error><Code>InvalidDig' },
  { scenario: 'a closing tag cut off', document: '<Error><Code>InvalidDigest</Co' },
  { scenario: 'JSON', document: '{"Error":{"Code":"InvalidDigest"}}' },
  { scenario: 'HTML', document: `<!doctype html><html><body>${code}</body></html>` },
  {
    scenario: 'an error inside another element',
    document: `<Result><Error>${code}</Error></Result>`,
  },
  { scenario: 'two errors', document: `<Error>${code}</Error><Error>${code}</Error>` },
  { scenario: 'two codes', document: `<Error>${code}${code}</Error>` },
  { scenario: 'a code inside a code', document: `<Error><Code>${code}</Code></Error>` },
  { scenario: 'a code in an attribute', document: '<Error Code="InvalidDigest"/>' },
  {
    scenario: 'a code of another namespace',
    document: '<Error><x:Code>InvalidDigest</x:Code></Error>',
  },
  { scenario: 'a code in lower case', document: '<Error><code>InvalidDigest</code></Error>' },
  { scenario: 'a prototype', document: `<Error><__proto__>${code}</__proto__></Error>` },
  { scenario: 'a prototype as the error', document: `<__proto__>${code}</__proto__>` },
  {
    scenario: 'a constructor',
    document: `<Error><constructor><prototype>${code}</prototype></constructor></Error>`,
  },
  { scenario: 'gzip', document: Buffer.from('1f8b0800000000000003', 'hex') },
];

const readable: { scenario: string; document: string | Buffer }[] = [
  {
    scenario: '1000 nested elements',
    document: `<Error>${'<a>'.repeat(1000)}x${'</a>'.repeat(1000)}${code}</Error>`,
  },
  { scenario: 'a byte order mark', document: `\ufeff<?xml version="1.0"?><Error>${code}</Error>` },
  {
    scenario: 'the code as CDATA',
    document: '<Error><Code><![CDATA[InvalidDigest]]></Code></Error>',
  },
  {
    scenario: 'space around the code',
    document: '<Error>\r\n<Code>\t InvalidDigest\n</Code></Error>',
  },
  {
    scenario: 'a megabyte after the code',
    document: `<Error>${code}<Message>${megabyte}</Message></Error>`,
  },
  {
    scenario: 'bytes that are not UTF-8',
    document: Buffer.concat([
      Buffer.from(`<Error>${code}<Message>`),
      Buffer.from('c328a0e2ff', 'hex'),
      Buffer.from('</Message></Error>'),
    ]),
  },
  {
    scenario: 'an encoding other than declared',
    document: `<?xml version="1.0" encoding="UTF-16"?><Error>${code}</Error>`,
  },
  {
    scenario: 'terminal escape sequences',
    document: `<Error>${code}<Message>\x1b[2J&#27;]0;x&#7;\u202e\u2028\x9b31m</Message></Error>`,
  },
  { scenario: 'an unclosed root', document: `<Error>${code}<Message>and then` },
  {
    scenario: 'other endpoints',
    document: `<Error>${code}<Endpoint>${megabyte}</Endpoint></Error>`,
  },
];

const another = {
  scenario: 'a NUL in the code',
  document: '<Error><Code>Invalid\0Digest</Code></Error>',
};

describe.each([
  { expected: 'fatal', rows: [...unreadable, another] },
  { expected: 'rejected', rows: readable },
] as const)('a 400 is $expected', ({ expected, rows }) => {
  test.each(rows)('with $scenario', async ({ document }) => {
    const { client } = await connect(say(ossAnswer('400 Bad Request', [], document)), wellBehaved);
    expect(await verdictOf('append', client)).toBe(expected);
    expect(await verdictOf('append', client)).toBe('success');
  });

  const short = rows.filter(({ document }) => document.length < 8 * 1024);
  test.each(short)('of a HEAD, in a header, with $scenario', async ({ document }) => {
    const encoded = `x-oss-err: ${Buffer.from(document).toString('base64')}`;
    const { client } = await connect(
      say(ossAnswer('400 Bad', [encoded, 'content-length: 9'])),
      wellBehaved,
    );
    expect(await verdictOf('head', client)).toBe(expected);
    expect(await verdictOf('head', client)).toBe('success');
  });
});

describe('an unreadable document', () => {
  test.each(unreadable)(
    'does not hide a conflict with a position: $scenario',
    async ({ document }) => {
      const { client } = await connect(say(ossAnswer('409 Conflict', [five], document)));
      expect(await verdictOf('append', client)).toBe('conflict');
    },
  );

  test.each([
    { scenario: 'an empty value', encoded: '' },
    { scenario: 'padding', encoded: '====' },
    { scenario: 'other characters', encoded: '!\xff\xfe' },
    { scenario: 'twelve thousand letters', encoded: 'x'.repeat(12_000) },
    { scenario: 'half a document', encoded: 'PEVycm9yPg' },
  ])('in a header is ignored: $scenario', async ({ encoded }) => {
    const { client } = await connect(say(ossAnswer('403 No', [`x-oss-err:${encoded}`])));
    expect(await verdictOf('head', client)).toBe('forbidden');
  });
});

test('a document with external entities makes the client fetch nothing', async () => {
  await using elsewhere = await startHostileServer(wellBehaved);
  const entity = `<!ENTITY a SYSTEM "${elsewhere.endpoint}/a"><!ENTITY % b SYSTEM "${elsewhere.endpoint}/b">%b;`;
  const stylesheet = `<?xml-stylesheet href="${elsewhere.endpoint}/c"?><Error>${code}</Error>`;
  for (const document of [declared(entity), stylesheet]) {
    const { client } = await connect(say(ossAnswer('400 Bad', [], document)));
    expect(['fatal', 'rejected']).toContain(await verdictOf('append', client));
  }
  expect(elsewhere.connections).toEqual([]);
});
