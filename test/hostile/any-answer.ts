import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { signedOff } from './hostile-answers.js';
import type { HostileRequest } from './hostile-server.js';

/** Bytes to answer with, in pieces, and what happens to the connection after them. */
export interface AnyAnswer {
  readonly pieces: readonly Buffer[];
  readonly ending: 'keep' | 'end' | 'reset';
}

/** Sends an answer, with a turn of the event loop between its pieces. */
export async function send(
  { pieces, ending }: AnyAnswer,
  { socket }: HostileRequest,
): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece);
    await turn();
  }
  if (ending === 'end') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
}

const status = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(200, 206, 204, 307, 400, 403, 404, 409, 500, 503) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 1000 }) },
);
const version = fc.oneof(
  { weight: 9, arbitrary: fc.constant('HTTP/1.1') },
  fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'ICY', ''),
);
const count = fc.oneof(
  fc.nat({ max: 20 }).map(String),
  fc.bigInt({ min: -2n, max: 2n ** 65n }).map(String),
  fc.constantFrom('', ' ', 'abc', '-1', '1.5', '0x10', '1e3', '5 5', '9007199254740993'),
);
const code = fc.constantFrom(
  ...[
    'PositionNotEqualToLength',
    'ObjectNotAppendable',
    'AccessDenied',
    'NoSuchKey',
    'RequestTimeout',
  ],
  ...['RequestTimeTooSkewed', 'SecurityTokenExpired', 'InvalidAccessKeyId', 'X', ''],
);
const text = fc.string({ unit: 'binary', maxLength: 20 });
const element = fc.oneof(
  code.map((value) => `<Code>${value}</Code>`),
  text.map((value) => `<Message>${value}</Message>`),
  text.map((value) => `<Message><![CDATA[${value}]]></Message>`),
  fc
    .date({ noInvalidDate: false })
    .map((date) => `<ServerTime>${JSON.stringify(date)}</ServerTime>`),
  fc.constantFrom(
    '<a>',
    '</a>',
    '<!--',
    '<![CDATA[',
    '&#x1b;',
    '&a;',
    '<!DOCTYPE a>',
    '<__proto__>',
  ),
);
const document = fc
  .array(element, { maxLength: 6 })
  .map((elements) => `<?xml version="1.0"?><Error>${elements.join('')}</Error>`);
const body = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  document.map((xml) => Buffer.from(xml)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

const header = fc.oneof(
  { weight: 4, arbitrary: fc.constant(signedOff) },
  { weight: 4, arbitrary: count.map((value) => `x-oss-next-append-position: ${value}`) },
  { weight: 4, arbitrary: count.map((value) => `x-oss-hash-crc64ecma: ${value}`) },
  count.map((value) => `content-length: ${value}`),
  fc.tuple(count, count).map(([first, last]) => `content-range: bytes ${first}-${last}/*`),
  document.map((xml) => `x-oss-err: ${Buffer.from(xml).toString('base64')}`),
  fc.date({ noInvalidDate: false }).map((date) => `date: ${date}`),
  fc.constantFrom('x-oss-object-type: Appendable', 'x-oss-sealed-time: x', 'etag: "x"'),
  fc.constantFrom(
    'connection: close',
    'connection: upgrade',
    'upgrade: x',
    'keep-alive: timeout=1',
  ),
  fc.constantFrom('transfer-encoding: chunked', 'content-encoding: gzip', 'location: /x', 'x'),
);

type Framing = 'length' | 'chunks' | 'none';

const message = fc
  .record({
    version,
    status,
    body,
    headers: fc.array(header, { maxLength: 6 }),
    framing: fc.constantFrom<Framing>('length', 'length', 'length', 'chunks', 'none'),
  })
  .map(({ framing, ...parts }) => {
    const chunked = Buffer.concat([
      Buffer.from(`${parts.body.length.toString(16)}\r\n`),
      ...(parts.body.length > 0 ? [parts.body, Buffer.from('\r\n0\r\n')] : []),
      Buffer.from('\r\n'),
    ]);
    const length = `content-length: ${parts.body.length}`;
    const lines = [
      `${parts.version} ${String(parts.status).padStart(3, '0')} X`,
      ...parts.headers,
      ...{ length: [length], chunks: ['transfer-encoding: chunked'], none: [] }[framing],
    ];
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    return Buffer.concat([head, framing === 'chunks' ? chunked : parts.body]);
  });

/** How a message is garbled: some bytes are replaced by others. */
interface Mutation {
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

const mutation = fc.record<Mutation>({
  at: fc.nat({ max: 400 }),
  removed: fc.nat({ max: 3 }),
  inserted: fc.uint8Array({ maxLength: 3 }),
});

function mutate(bytes: Buffer, { at, removed, inserted }: Mutation): Buffer {
  const start = bytes.length === 0 ? 0 : at % bytes.length;
  return Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
}

/** One or several messages, garbled or not, in pieces. */
export const anyAnswer: fc.Arbitrary<AnyAnswer> = fc
  .record({
    messages: fc.array(message, { minLength: 1, maxLength: 2 }),
    mutations: fc.oneof(
      { weight: 3, arbitrary: fc.constant<Mutation[]>([]) },
      { weight: 1, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }) },
    ),
    cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 2 }),
    ending: fc.constantFrom<AnyAnswer['ending']>('keep', 'keep', 'end', 'reset'),
  })
  .map(({ messages, mutations, cuts, ending }) => {
    const bytes = mutations.reduce(mutate, Buffer.concat(messages));
    const ends = [...cuts.sort((a, b) => a - b), bytes.length];
    return {
      pieces: ends.map((end, nth) => bytes.subarray(ends[nth - 1] ?? 0, end)),
      ending,
    };
  });
