import { type HostileRequest, tooLongHead, unreadable, type Verdict } from './emulator-client.js';
import type { Row } from './emulator-rows.js';

const invalidArgument = { status: 400, code: 'InvalidArgument' };
const invalidDigest = { status: 400, code: 'InvalidDigest' };
const noSuchKey = { status: 404, code: 'NoSuchKey' };
const ok = { status: 200 };

function read(scenario: string, request: HostileRequest, verdict: Verdict): Row {
  return { scenario: `a read with ${scenario}`, request: { key: 'missing', ...request }, verdict };
}

function put(scenario: string, headers: Record<string, string>, verdict: Verdict): Row {
  const request = { method: 'PUT', key: `put with ${scenario}`, headers, body: 'x' };
  return { scenario: `a write with ${scenario}`, request, verdict };
}

const heads: readonly Row[] = [
  read('3000 headers', { lines: Array(3000).fill('a:b') }, noSuchKey),
  read('headers of 20,000 bytes', { lines: [`a: ${'b'.repeat(20_000)}`] }, tooLongHead),
  read('a name of 20,000 bytes', { lines: [`${'b'.repeat(20_000)}: a`] }, tooLongHead),
  read(
    "names of Object's prototype",
    { lines: ['__proto__: a', 'constructor: b', '__proto__: c'] },
    noSuchKey,
  ),
  read('a name JavaScript has too', { lines: ['toString: a', 'hasOwnProperty: b'] }, noSuchKey),
  read('a header without a colon', { lines: ['nonsense'] }, unreadable),
  read('a header without a name', { lines: [': a'] }, unreadable),
  read('a space before the colon', { lines: ['a : b'] }, unreadable),
  read('a folded header', { lines: ['a: b', ' c'] }, noSuchKey),
  read('NUL in a header', { lines: ['a: b\0c'] }, unreadable),
  read('a bare carriage return', { lines: ['a: b\rc: d'] }, unreadable),
  read('bytes beyond ASCII', { lines: ['a: \xff\xfe\x80'] }, noSuchKey),
  read('an upgrade', { lines: ['connection: upgrade', 'upgrade: h2c'] }, noSuchKey),
  read('an expectation on a read', { lines: ['expect: 100-continue'] }, noSuchKey),
  read('an unknown expectation', { lines: ['expect: 200-ok'] }, { status: 417 }),
];

const conditions: readonly Row[] = [
  'bytes=0-99999999999999999999',
  'bytes=99999999999999999999-',
  `bytes=-${'9'.repeat(400)}`,
  'bytes=-0',
  'bytes=--1',
  'bytes=1-0',
  `bytes=${'0-1,'.repeat(2000)}`,
  'bytes=0x0-1',
  'octets=0-1',
  '\xff',
].flatMap((range) =>
  ['oss', 'standard'].map((behavior) =>
    read(
      `the range ${range.slice(0, 30)} read the ${behavior} way`,
      { key: 'still/alive', headers: { range, 'x-oss-range-behavior': behavior } },
      isUnsatisfiable(range, behavior)
        ? { status: 416, code: 'InvalidRange' }
        : statusOf(range, behavior),
    ),
  ),
);

function isUnsatisfiable(range: string, behavior: string): boolean {
  return behavior === 'standard' && /^bytes=(9+-|-0)$/.test(range);
}

function statusOf(range: string, behavior: string): Verdict {
  return { status: behavior === 'standard' && /^bytes=(0-9+|-9+)$/.test(range) ? 206 : 200 };
}

const writes: readonly Row[] = [
  put('a digest that is none', { 'content-md5': 'garbage' }, invalidDigest),
  put('a digest of nothing', { 'content-md5': '====' }, invalidDigest),
  put('a digest of something else', { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }, invalidDigest),
  put('metadata of 9,000 bytes', { 'x-oss-meta-a': 'b'.repeat(9000) }, invalidArgument),
  put('metadata in 700 names', manyNames(700), invalidArgument),
  put('metadata with a bad name', { 'x-oss-meta-a_b': 'c' }, invalidArgument),
  put('metadata without a name', { 'x-oss-meta-': 'c' }, ok),
  put(
    "metadata with names of Object's prototype",
    { 'x-oss-meta-constructor': 'c', 'x-oss-meta-__proto__': 'd' },
    invalidArgument,
  ),
  put('metadata that looks like a header', { 'x-oss-meta-a': 'content-length: 5' }, ok),
  put('tags of JavaScript', { 'x-oss-tagging': '__proto__=a&constructor=b' }, ok),
  put('tags that are none', { 'x-oss-tagging': '%zz=%' }, { status: 400, code: 'InvalidTag' }),
  put(
    'a thousand tags',
    { 'x-oss-tagging': 'a&'.repeat(1000) },
    { status: 400, code: 'InvalidTag' },
  ),
  put('a class of no storage', { 'x-oss-storage-class': '../Standard' }, invalidArgument),
  put('an empty list of access', { 'x-oss-object-acl': '' }, invalidArgument),
  put('a condition', { 'if-match': '*' }, { status: 400, code: 'NotImplemented' }),
  put(
    'a copy source',
    { 'x-oss-copy-source': '/../../etc/passwd' },
    { status: 400, code: 'NotImplemented' },
  ),
];

function manyNames(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`x-oss-meta-${index}`, '']),
  );
}

/** Invalid or extreme headers. */
export const headerRows = [...heads, ...conditions, ...writes];
