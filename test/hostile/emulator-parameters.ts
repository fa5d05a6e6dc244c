import type { HostileRequest, Verdict } from './emulator-client.js';
import type { Row } from './emulator-rows.js';

const invalidArgument = { status: 400, code: 'InvalidArgument' };
const notEqualToLength = { status: 409, code: 'PositionNotEqualToLength' };
const notImplemented = { status: 400, code: 'NotImplemented' };

const positions = (
  [
    ['', { status: 400, code: 'MissingArgument' }],
    ['-1', invalidArgument],
    ['-0', invalidArgument],
    ['+1', invalidArgument],
    ['1.5', invalidArgument],
    ['1e3', invalidArgument],
    ['0x10', invalidArgument],
    [' 0', invalidArgument],
    ['0\n', invalidArgument],
    ['0\0', invalidArgument],
    ['1_000', invalidArgument],
    ['NaN', invalidArgument],
    ['Infinity', invalidArgument],
    ['٣', invalidArgument],
    ['9'.repeat(20), invalidArgument],
    ['9'.repeat(5000), invalidArgument],
    [String(2n ** 63n), invalidArgument],
    [String(2n ** 63n - 1n), notEqualToLength],
    [String(2 ** 53), notEqualToLength],
    [String(5 * 2 ** 30), notEqualToLength],
  ] as const
).map(([position, verdict]): Row => {
  const scenario = `an append at ${JSON.stringify(position).slice(0, 40)}`;
  const query = { append: '', position };
  return { scenario, request: { method: 'POST', key: 'a', query, body: 'x' }, verdict };
});

const seals = ['-1', '1e3', String(2n ** 63n)].map((position): Row => {
  const query = { seal: '', position };
  const request = { method: 'POST', key: 'a', query, body: '' };
  return { scenario: `a seal at ${position}`, request, verdict: invalidArgument };
});

function listing(query: Record<string, string>, verdict: Verdict): Row {
  const scenario = `a listing with ${JSON.stringify(query).slice(0, 60)}`;
  return { scenario, request: { query }, verdict };
}

const listings: readonly Row[] = [
  listing({ 'max-keys': '-1' }, invalidArgument),
  listing({ 'max-keys': '1e3' }, invalidArgument),
  listing({ 'max-keys': '1001' }, invalidArgument),
  listing({ 'max-keys': '9'.repeat(4000) }, invalidArgument),
  listing({ prefix: 'p'.repeat(1024) }, invalidArgument),
  listing({ marker: '世'.repeat(342) }, invalidArgument),
  listing({ delimiter: '\0'.repeat(1024) }, invalidArgument),
  listing({ 'encoding-type': 'utf-16' }, invalidArgument),
  listing(
    { prefix: '../../', delimiter: '..', marker: '\uffff', 'max-keys': '1' },
    { status: 200 },
  ),
  listing({ 'list-type': '3' }, invalidArgument),
  listing({ 'list-type': '2', 'continuation-token': '../..' }, invalidArgument),
  listing({ 'list-type': '2', 'continuation-token': 'Cv__'.repeat(2000) }, invalidArgument),
  listing({ 'list-type': '2', 'start-after': '\u{10ffff}' }, { status: 200 }),
  listing({ ['__proto__']: 'x', constructor: 'x', toString: 'x' }, { status: 200 }),
];

const many = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`a${index}`, '']));

const others: readonly Row[] = [
  ['two subresources', { append: '', position: '0', acl: '' }, notImplemented],
  ['append and seal at once', { append: '', seal: '', position: '0' }, notImplemented],
  ['an unsupported subresource', { policy: '' }, notImplemented],
  ['1500 parameters', { append: '', position: '1', ...many }, notImplemented],
  ['a position in brackets', { append: '', 'position[]': '0' }, notImplemented],
  ['a position in another case', { append: '', Position: '0' }, notImplemented],
  ['no position', { append: '' }, { status: 400, code: 'MissingArgument' }],
  [
    'an empty traffic limit',
    { append: '', position: '0', 'x-oss-traffic-limit': '0' },
    invalidArgument,
  ],
].map(([scenario, query, verdict]): Row => {
  const request = { method: 'POST', key: 'a', query, body: 'x' } as HostileRequest;
  return { scenario: `a request with ${scenario}`, request, verdict: verdict as Verdict };
});

const overrides: readonly Row[] = [
  ['response-content-type', 'a\r\nx-evil: 1'],
  ['response-expires', '\0'],
  ['response-cache-control', '\x7f'],
  ['response-content-disposition', '\u0085'],
].map(([name = '', value = '']) => ({
  scenario: `a read with ${name}=${JSON.stringify(value)}`,
  request: { key: 'a', query: { [name]: value } },
  verdict: invalidArgument,
}));

/** Invalid parameters. */
export const parameterRows = [...positions, ...seals, ...listings, ...others, ...overrides];
