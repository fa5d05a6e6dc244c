const hello = '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03';
const host = 'host: localhost\r\n';

/** Clients of other protocols, and what they send. */
export const strangers: readonly (readonly [who: string, bytes: string])[] = [
  ['TLS', hello + 'x'.repeat(200)],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
  ['HTTP/9.9', `GET /examplebucket/a HTTP/9.9\r\n${host}\r\n`],
  ['HTTP/1.1.1', `GET /examplebucket/a HTTP/1.1.1\r\n${host}\r\n`],
  ['HTTP in lower case', `get /examplebucket/a http/1.1\r\n${host}\r\n`],
  ['HTTP/1.1 without a host', 'GET /examplebucket/a HTTP/1.1\r\n\r\n'],
  ['RTSP', 'OPTIONS rtsp://localhost/a RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
  ['a proxy', `CONNECT example.com:443 HTTP/1.1\r\n${host}\r\n`],
  ['a PROXY header', 'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\n\r\n'],
  ['SMTP', 'EHLO localhost\r\nMAIL FROM:<a@b>\r\n'],
  ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['Redis', '*1\r\n$4\r\nPING\r\n'],
  ['an unknown method', `DESTROY /examplebucket/a HTTP/1.1\r\n${host}\r\n`],
  ['NULs', '\0'.repeat(1000)],
  ['a thousand empty lines', `${'\r\n'.repeat(1000)}x\r\n\r\n`],
  ['one endless line', 'G'.repeat(100_000)],
  ['one endless target', `GET /${'a'.repeat(100_000)}`],
  ['one endless header', `GET / HTTP/1.1\r\na: ${'b'.repeat(100_000)}`],
  ['endless headers', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(20_000)}`],
  ['every byte value', String.fromCharCode(...Array(256).keys())],
];

/** Unusual requests that HTTP allows, so that the emulator does not close the connection. */
export const oddities: readonly (readonly [what: string, bytes: string])[] = [
  ['HTTP/0.9', 'GET /examplebucket/a\r\n\r\n'],
  ['HTTP/1.0', 'GET /examplebucket/a HTTP/1.0\r\n\r\n'],
  ['an unsupported method', `TRACE /examplebucket/a HTTP/1.1\r\n${host}\r\n`],
  ['an invalid second request', `GET /examplebucket/a HTTP/1.0\r\n\r\n${hello}`],
  ['half a second request', `GET /examplebucket/a HTTP/1.1\r\n${host}\r\nGET /exam`],
];
