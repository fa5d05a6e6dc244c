import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { ExpectedBytes } from './expected-bytes.js';
import { ExpectedObject, type StoredObject } from './expected-object.js';
import { serveConnection } from './store-connection.js';

const period = Buffer.from('0123456789');
const crc64 = await loadCrc64();
const bytesExpected = new ExpectedBytes(period, crc64);
const ok = (length: number) =>
  `200 OK, next ${length}, crc ${crc64(Buffer.alloc(length, period))}, ''`;

test.each([
  { scenario: 'HEAD before any append', requests: [head()], answers: ["404 Not Found, ''"] },
  {
    scenario: 'HEAD of an empty object',
    requests: [append(0, ''), head()],
    answers: [ok(0), ok(0)],
  },
  {
    scenario: 'HEAD after an append',
    requests: [append(0, '01234567'), head()],
    answers: [ok(8), ok(8)],
  },
  {
    scenario: 'an append at the length',
    requests: [append(0, '01234'), append(5, '56789012')],
    answers: [ok(5), ok(13)],
  },
  {
    scenario: 'an append elsewhere, which changes nothing',
    requests: [append(0, '01234'), append(0, '01234'), append(6, '6'), append(5, '5')],
    answers: [ok(5), refused(5), refused(5), ok(6)],
  },
  {
    scenario: 'an unexpected object',
    requests: [head('/bucket/other'), append(0, '0', '/bucket/other')],
    answers: ["404 Not Found, ''", "501 Not Implemented, 'This object is not expected'"],
  },
])('serveConnection() answers $scenario', async ({ requests, answers }) => {
  const { socket } = await serve();

  for (const [index, request] of requests.entries()) {
    socket.write(request);
    expect(await nextAnswer(socket)).toBe(answers[index]);
  }
});

test('serveConnection() counts successful appends and all requests', async () => {
  const { socket, object } = await serve();

  for (const request of [head(), append(0, '012'), append(9, '9'), append(3, '34')]) {
    socket.write(request);
    await nextAnswer(socket);
  }

  expect(object.account).toEqual({
    byteLength: 5,
    mismatchAt: undefined,
    appends: 2,
    requests: 4,
  });
});

test('serveConnection() compares the bytes with the expected ones', async () => {
  const { socket, object } = await serve();

  socket.write(append(0, '01234x'));
  await nextAnswer(socket);

  expect(object.account).toMatchObject({ byteLength: 6, mismatchAt: 5 });
});

// Two requests at once, the first with a body, so that every part of a request is cut once.
test('serveConnection() accepts requests that arrive cut at any byte', async () => {
  const bytes = Buffer.from(append(0, '0123456789') + append(10, '0123'));
  for (let cut = 1; cut < bytes.length; cut++) {
    const { object, socket, send } = open();
    send(bytes.subarray(0, cut));
    send(bytes.subarray(cut));

    expect(object.account).toMatchObject({ byteLength: 14, mismatchAt: undefined, appends: 2 });
    expect(socket.answers.map(describeAnswer)).toEqual([ok(10), ok(14)]);
  }
});

test('serveConnection() sleeps before it answers an append, and not before other answers', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { socket, send } = open(20);

  send(head());
  send(append(1, '1'));
  expect(socket.answers.map(describeAnswer)).toEqual(["404 Not Found, ''", refused(0)]);

  send(append(0, '0'));
  vi.advanceTimersByTime(19);
  expect(socket.answers).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(socket.answers.slice(2).map(describeAnswer)).toEqual([ok(1)]);
});

describe('serveConnection() with an object to be read', () => {
  const get = (range?: string) =>
    `GET /bucket/a.log HTTP/1.1\r\n${range === undefined ? '' : `range: bytes=${range}\r\n`}\r\n`;
  const headOf = (bytes: Buffer) => String(bytes).split('\r\n\r\n')[0] ?? '';

  test('sends its bytes, or a range of them', () => {
    const { socket, send } = open(0, { byteLength: 25 });

    send(get());
    send(get('8-13'));

    const [head, body, headOfRange, range, ...rest] = socket.answers;
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n.*content-length: 25\r\n/s);
    expect(String(body)).toBe('0123456789012345678901234');
    expect(headOfRange).toMatch(/^HTTP\/1.1 206 .*content-range: bytes 8-13\/25\r\n/s);
    expect(String(range)).toBe('890123');
    expect(rest).toEqual([]);
  });

  test('waits before each MiB of a body, and before it describes the object', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { socket, send } = open(5, { byteLength: 2 ** 20 + 1 });
    const sent = () => socket.answers.reduce((sum, { length }) => sum + length, 0);

    send(head());
    vi.advanceTimersByTime(4);
    expect(socket.answers).toEqual([]);
    vi.advanceTimersByTime(1);
    const described = sent();
    send(get());
    vi.advanceTimersByTime(5);
    const headLength = socket.answers[1]?.length ?? 0;
    expect(sent()).toBe(described + headLength + 2 ** 20);
    vi.advanceTimersByTime(5);
    expect(sent()).toBe(described + headLength + 2 ** 20 + 1);
  });

  test('lets it grow with each HEAD, and is sealed in the end', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { socket, send } = open(1, { byteLength: 25, step: 10 });

    for (let count = 0; count < 3; count++) {
      send(head());
      vi.advanceTimersByTime(1);
    }

    expect(socket.answers.map(describeAnswer)).toEqual([ok(10), ok(20), ok(25)]);
    const seals = socket.answers.map((answer) => headOf(answer as Buffer).includes('x-oss-sealed'));
    expect(seals).toEqual([false, false, true]);
  });
});

/** A connection to an object, over loopback. */
async function serve(): Promise<{ readonly socket: Socket; readonly object: ExpectedObject }> {
  const object = new ExpectedObject(bytesExpected, 0);
  const server = createServer((socket) => serveConnection(socket, find(object)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  return { socket, object };
}

/** A connection without a network, so that the test decides where requests are cut. */
function open(delay = 0, stored?: StoredObject) {
  const object = new ExpectedObject(bytesExpected, delay, stored);
  const answers: (string | Buffer)[] = [];
  let listener: (bytes: Buffer) => void = () => {};
  const socket = {
    answers,
    on(event: string, added: (bytes: Buffer) => void) {
      if (event === 'data') listener = added;
    },
    write: (answer: string | Buffer) => answers.push(answer),
  };
  serveConnection(socket as unknown as Socket, find(object));
  return { object, socket, send: (bytes: string | Buffer) => listener(Buffer.from(bytes)) };
}

function find(object: ExpectedObject) {
  return (key: string) => (key === 'a.log' ? object : undefined);
}

function head(path = '/bucket/a.log'): string {
  return `HEAD ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
}

function append(position: number, body: string, path = '/bucket/a.log'): string {
  const target = `${path}?append&position=${position}`;
  return `POST ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function refused(length: number): string {
  const body = '<Error><Code>PositionNotEqualToLength</Code></Error>';
  return `409 Conflict, next ${length}, '${body}'`;
}

async function nextAnswer(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, 'data');
  return describeAnswer(bytes);
}

function describeAnswer(answer: string | Buffer): string {
  const [headers = '', body = ''] = String(answer).split('\r\n\r\n');
  const [, status] = /^HTTP\/1\.1 (.*)/.exec(headers) ?? [];
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(headers)?.[1]?.trim();
  const next = header('x-oss-next-append-position');
  const crc = header('x-oss-hash-crc64ecma');
  const { length } = body;
  // The answer to a HEAD has the length of the object, and no body.
  const expectedLengths = [String(length), ...(length === 0 ? [next] : [])];
  if (!expectedLengths.includes(header('content-length')))
    return `a body of ${length} bytes, against its content-length`;
  return [status, next && `next ${next}`, crc && `crc ${crc}`, `'${body}'`]
    .filter((part) => part !== undefined)
    .join(', ');
}
