import { createHash } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import type { Emulator } from '../../src/emulator/index.js';
import { headText } from '../emulator/raw-connection.js';
import { type HostileRequest, requestText } from './emulator-client.js';

export const textKinds = [
  'valid requests with random changes',
  'requests composed of random parts',
  'documents composed of random parts',
] as const;

type TextKind = (typeof textKinds)[number];

/** Random bytes to send, one character per byte. */
export function textsFor(emulator: Emulator): Readonly<Record<TextKind, Arbitrary<string>>> {
  return {
    'valid requests with random changes': changedRequest(emulator),
    'requests composed of random parts': composedRequest,
    'documents composed of random parts': document.map((body) =>
      requestText(emulator, deletionOf(body)),
    ),
  };
}

const deletion = '<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>';

function deletionOf(body: string): HostileRequest {
  const digest = createHash('md5').update(body, 'latin1').digest('base64');
  const query = { delete: '', 'encoding-type': 'url' };
  return { method: 'POST', query, headers: { 'content-md5': digest }, body };
}

/** Valid requests of every kind. */
const orderly: readonly HostileRequest[] = [
  { method: 'POST', key: 'a', query: { append: '', position: '5' }, body: 'more' },
  { method: 'POST', key: 'a', query: { seal: '', position: '5' }, body: '' },
  { method: 'PUT', key: 'b', headers: { 'x-oss-meta-a': 'b', 'x-oss-tagging': 'a=b' }, body: 'x' },
  { key: 'a', headers: { range: 'bytes=1-2', 'if-match': '*' } },
  { key: 'a', query: { 'response-content-type': 'a/b' } },
  { method: 'HEAD', key: 'a' },
  { method: 'DELETE', key: 'b' },
  { query: { 'list-type': '2', prefix: 'a', delimiter: '/', 'max-keys': '3' } },
  { query: { versions: '', 'encoding-type': 'url' } },
  { bucket: '' },
  { method: 'PUT', bucket: 'another', body: '' },
  deletionOf(deletion),
];

/** Text that a head may contain without ending early. */
const polite = fc.oneof(
  fc.constantFrom('%', '%00', '%2F', '%ff', '/', '..', '?', '&', '=', ':', ',', ';', '+', '"', '~'),
  fc.constantFrom('-1', '0', '5', '1e9', '99999999999999999999', '__proto__', 'a', 'A', '*', '.'),
  fc.constantFrom('append', 'position', 'seal', 'acl', 'delete', 'list-type', 'examplebucket'),
);
const spiteful = fc.oneof(
  fc.constantFrom('\r\n', '\r\n\r\n', '\n', '\0', ' ', '\t', '\xff', '<', ']]>', '&#xD800;'),
  fc.constantFrom(
    'transfer-encoding: chunked\r\n',
    'content-length: 1\r\n',
    'connection: close\r\n',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 5 }),
);

/** Replaces some characters from an offset, given in thousandths of the text. */
const change = fc.record({
  place: fc.integer({ min: 0, max: 1000 }),
  length: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(40)),
  text: fc.oneof({ weight: 4, arbitrary: polite }, spiteful, fc.constant('')),
});

function changedRequest(emulator: Emulator): Arbitrary<string> {
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  return fc.tuple(fc.constantFrom(...orderly), changes).map(([request, list]) =>
    list.reduce(
      (before, { place, length, text }) => {
        const start = Math.floor((place / 1000) * before.length);
        return before.slice(0, start) + text + before.slice(start + length);
      },
      requestText(emulator, request),
    ),
  );
}

const words = fc.array(polite, { maxLength: 5 }).map((list) => list.join(''));
const parameter = fc.tuple(
  fc.constantFrom(
    ...['append', 'position', 'seal', 'acl', 'delete', 'objectMeta', 'tagging', 'versions', 'live'],
    ...['list-type', 'prefix', 'marker', 'start-after', 'continuation-token', 'delimiter'],
    ...['max-keys', 'encoding-type', 'fetch-owner', 'uploads', 'bucketInfo', 'location', ''],
    ...['response-content-type', 'x-oss-traffic-limit', 'Expires', 'Signature', 'OSSAccessKeyId'],
    ...['x-oss-signature-version', 'x-oss-credential', 'x-oss-expires', 'x-oss-date'],
  ),
  fc.oneof(fc.constantFrom('', '', '2', '5', 'url', 'OSS4-HMAC-SHA256', '20261122T000000Z'), words),
);
const header = fc.tuple(
  fc.constantFrom(
    ...['range', 'content-md5', 'content-type', 'authorization', 'date', 'x-oss-date', 'host'],
    ...['x-oss-meta-a', 'x-oss-tagging', 'x-oss-object-acl', 'x-oss-acl', 'x-oss-storage-class'],
    ...['if-match', 'if-modified-since', 'if-none-match', 'x-oss-range-behavior', 'connection'],
    ...['x-oss-forbid-overwrite', 'x-oss-server-side-encryption', 'x-oss-traffic-limit', 'cookie'],
  ),
  fc.oneof(
    fc.constantFrom('examplebucket.x', 'bytes=0-1', 'bytes=-9', 'close', 'standard', 'true', '*'),
    fc.constantFrom('OSS a:b', 'OSS4-HMAC-SHA256 Credential=a/b/c/oss/aliyun_v4_request'),
    words,
  ),
);
const composedRequest = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS'),
    place: fc.constantFrom(
      '/',
      '/examplebucket',
      '/examplebucket/',
      '/examplebucket/a',
      '/another/',
    ),
    key: words,
    query: fc.array(parameter, { maxLength: 4 }),
    headers: fc.array(header, { maxLength: 4 }),
    body: fc.constantFrom('', 'x', '\0\xff', deletion),
    isChunked: fc.boolean(),
  })
  .map(({ method, place, key, query, headers, body, isChunked }) => {
    const search = query.map((pair) => pair.join('=')).join('&');
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`.replace(/^0\r\n\r\n/, '');
    const framing = isChunked
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(body.length) };
    const all = { host: 'localhost', ...Object.fromEntries(headers), ...framing };
    return headText(method, `${place}${key}?${search}`, all) + (isChunked ? chunks : body);
  });

const markup = fc.constantFrom(
  ...['<Delete>', '</Delete>', '<Object>', '</Object>', '<Key>', '</Key>', '<Quiet>true</Quiet>'],
  ...[
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?a',
    '?>',
    '<!DOCTYPE a>',
    '<a b="',
    '">',
    '<a:Key>',
    '/>',
  ],
  ...[
    '&amp;',
    '&valueOf;',
    '&#0;',
    '&#xD800;',
    '&#1114112;',
    '&#x1F600;',
    '&',
    '\xef\xbb\xbf',
    '\xff',
  ],
);
const marked = fc.array(fc.oneof(markup, polite), { maxLength: 5 }).map((list) => list.join(''));
const document = fc.oneof(
  marked,
  marked.map((text) => `<Delete><Object><Key>${text}</Key></Object></Delete>`),
  marked.map((text) => `<Delete>${text}<Object><Key>a</Key></Object></Delete>`),
);
