import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { ExpectedBytes } from './expected-bytes.js';
import { ExpectedObject } from './expected-object.js';
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
    requests: [head('/bucket/other'), append(0, '', '/bucket/other')],
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
    expect(socket.answers.map(describe)).toEqual([ok(10), ok(14)]);
  }
});

test('serveConnection() sleeps before it answers an append, and not before other answers', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { socket, send } = open(20);

  send(head());
  send(append(1, '1'));
  expect(socket.answers.map(describe)).toEqual(["404 Not Found, ''", refused(0)]);

  send(append(0, '0'));
  vi.advanceTimersByTime(19);
  expect(socket.answers).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(socket.answers.slice(2).map(describe)).toEqual([ok(1)]);
});

/** A connection to an object, over loopback. */
async function serve(): Promise<{ readonly socket: Socket; readonly object: ExpectedObject }> {
  const object = expected(0);
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
function open(delay = 0) {
  const object = expected(delay);
  const answers: string[] = [];
  let listener: (bytes: Buffer) => void = () => {};
  const socket = {
    answers,
    on(event: string, added: (bytes: Buffer) => void) {
      if (event === 'data') listener = added;
    },
    write: (answer: string) => answers.push(answer),
  };
  serveConnection(socket as unknown as Socket, find(object));
  return { object, socket, send: (bytes: string | Buffer) => listener(Buffer.from(bytes)) };
}

function expected(delay: number): ExpectedObject {
  return new ExpectedObject(bytesExpected, delay);
}

function find(object: ExpectedObject) {
  return (key: string) => (key === 'a.log' ? object : undefined);
}

function head(path = '/bucket/a.log'): string {
  return `HEAD ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`;
}

function append(position: number, body: string, path = '/bucket/a.log'): string {
  return `POST ${path}?append&position=${position} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function refused(length: number): string {
  const body = '<Error><Code>PositionNotEqualToLength</Code></Error>';
  return `409 Conflict, next ${length}, '${body}'`;
}

async function nextAnswer(socket: Socket): Promise<string> {
  const [bytes] = await once(socket, 'data');
  return describe(String(bytes));
}

function describe(answer: string): string {
  const [headers = '', body = ''] = answer.split('\r\n\r\n');
  const [, status] = /^HTTP\/1\.1 (.*)/.exec(headers) ?? [];
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(headers)?.[1]?.trim();
  const next = header('x-oss-next-append-position');
  const crc = header('x-oss-hash-crc64ecma');
  const { length } = body;
  if (header('content-length') !== String(length))
    return `a body of ${length} bytes, against its content-length`;
  return [status, next && `next ${next}`, crc && `crc ${crc}`, `'${body}'`]
    .filter((part) => part !== undefined)
    .join(', ');
}
