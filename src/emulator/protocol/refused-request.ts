import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorAnswer } from './error-document.js';
import { withOssNames } from './header-names.js';
import { OssError } from './oss-error.js';
import { createRequestId } from './request-id.js';

/** Node's report of a request that its parser refuses. */
export interface ParseFailure {
  readonly code?: string | undefined;

  /** Set if known. */
  readonly method?: string | undefined;

  /** The bytes that could not be parsed. */
  readonly rawPacket?: Uint8Array;
}

const refusals: Readonly<Record<string, OssError>> = {
  HPE_HEADER_OVERFLOW: new OssError(431, 'RequestHeaderTooLarge', 'The headers are too long.'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new OssError(413, 'RequestTooLarge', 'A chunk is too long.'),
  ERR_HTTP_REQUEST_TIMEOUT: new OssError(408, 'RequestTimeout', 'The request took too long.'),
};
const unreadable = new OssError(400, 'InvalidRequest', 'The request is not one that HTTP allows.');

/**
 * Whether a request that Node's lenient parser accepted is unambiguous. Ambiguous are other
 * versions of HTTP, bodies that end with the connection, and headers that a proxy might parse to
 * another value. The rest that this parser tolerates has only one meaning: a length in addition to
 * chunks, which take precedence, and folded headers.
 */
export function isReadable({ httpVersionMajor, headers, rawHeaders }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  const isFramed = coding === undefined || /(^|,)\s*chunked\s*$/i.test(coding);
  return httpVersionMajor === 1 && isFramed && rawHeaders.every(isClean);
}

function isClean(text: string): boolean {
  return !/[^\t\x20-\x7e\x80-\xff]/.test(text);
}

/**
 * Answers an unreadable request with an error of OSS if the socket is still writable, and closes
 * the connection, because the start of the next request is unknown.
 *
 * @param isHeard Whether the client would not match the answer with an earlier request.
 */
export function refuseUnreadable(
  { code = '', rawPacket, method = firstWord(rawPacket) }: ParseFailure,
  socket: Socket,
  { isHeard, now }: { readonly isHeard: boolean; readonly now: Date },
): void {
  // Send no answer to a client that left in the middle of a request: it may be a HEAD.
  const hasLeft = code === 'ECONNRESET' || code === 'HPE_INVALID_EOF_STATE';
  if (!socket.writable || !isHeard || hasLeft) {
    socket.destroy();
    return;
  }
  const requestId = createRequestId();
  const refusal = refusals[code] ?? unreadable;
  const { status, headers, body = '' } = errorAnswer(refusal, { method, requestId, hostId: '' });
  const all = withOssNames({
    server: 'AliyunOSS',
    date: now.toUTCString(),
    ...headers,
    connection: 'close',
    'x-oss-request-id': requestId,
  });
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
  socket.end(Buffer.concat([head, body as Uint8Array].map((part) => Buffer.from(part))), () => {
    socket.destroy();
  });
}

function firstWord(packet: Uint8Array = Buffer.alloc(0)): string {
  return Buffer.from(packet.subarray(0, 32)).toString('latin1').split(' ')[0] ?? '';
}
