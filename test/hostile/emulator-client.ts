import type { Emulator } from '../../src/emulator/index.js';
import { headText, openRawConnection } from '../emulator/raw-connection.js';
import { pathOf, type RequestOptions, signedHeaders } from '../emulator/signed-request.js';
import { errorCodeOf, type RawAnswer, readAnswers } from './emulator-answers.js';

/** A request that no HTTP client would send, correctly signed. */
export interface HostileRequest extends RequestOptions {
  /** Raw header lines, sent after the others. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** The bytes of a request, one character each. `Content-Length` is added if there is a body. */
export function requestText(emulator: Emulator, request: HostileRequest): string {
  const { method = 'GET', path = pathOf(request), lines = [], body } = request;
  const isSized = /^(content-length|transfer-encoding):/im.test(lines.join('\n'));
  const headers = {
    host: 'localhost',
    ...(body === undefined || isSized ? {} : { 'content-length': String(body.length) }),
    ...request.headers,
  };
  const head = headText(method, path, signedHeaders(emulator, { ...request, headers }));
  const more = lines.map((line) => `${line}\r\n`).join('');
  return `${head.slice(0, -2)}${more}\r\n${body ?? ''}`;
}

/** The result for a client: the status, the code of a refusal, or `'closed'` without an answer. */
export interface Verdict {
  readonly status: number | 'closed';
  readonly code?: string;
}

/** Verdict on a request that Node's HTTP parser refuses. */
export const unreadable: Verdict = { status: 400, code: 'InvalidRequest' };
export const tooLongHead: Verdict = { status: 431, code: 'RequestHeaderTooLarge' };
export const tooLongChunk: Verdict = { status: 413, code: 'RequestTooLarge' };

/** Sends bytes on a new connection and parses the answer strictly. */
export async function tell(emulator: Emulator, text: string, method = 'GET'): Promise<Verdict> {
  const answer = await firstAnswer(emulator, text, method);
  if (answer === undefined) return { status: 'closed' };
  const { status, headers } = answer;
  // The gateway that a fault simulates sends no document.
  const isOurs = headers.has('x-oss-request-id');
  return status >= 400 && isOurs ? { status, code: errorCodeOf(answer) } : { status };
}

/** The first answer; `undefined` if the connection was closed without one. */
export async function firstAnswer(
  emulator: Emulator,
  text: string,
  method = 'GET',
): Promise<RawAnswer | undefined> {
  await using connection = await openRawConnection(emulator);
  connection.write(Buffer.from(text, 'latin1'));
  const read = (received: string, hasEnded: boolean) =>
    readAnswers(received, { methods: [method], hasEnded }).answers[0];
  const received = await connection.untilEnough((text) => read(text, false) !== undefined);
  return read(received, connection.socket.closed);
}
