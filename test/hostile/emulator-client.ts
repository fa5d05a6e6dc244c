import type { Emulator } from '../../src/emulator/index.js';
import { headText, openRawConnection } from '../emulator/raw-connection.js';
import { pathOf, type RequestOptions, signedHeaders } from '../emulator/signed-request.js';
import { errorCodeOf, type RawAnswer, readAnswers } from './emulator-answers.js';

/** A request that no HTTP client would send, signed as if one did. */
export interface HostileRequest extends RequestOptions {
  /** Header lines as they are, behind the others. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** The bytes of a request, one character each. Its length is added where the body has one. */
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

/** What a client was told: the status, the code of a refusal, or that there was no answer. */
export interface Verdict {
  readonly status: number | 'closed';
  readonly code?: string;
}

/** What HTTP's parser refuses, in OSS's words. */
export const unreadable: Verdict = { status: 400, code: 'InvalidRequest' };
export const tooLongHead: Verdict = { status: 431, code: 'RequestHeaderTooLarge' };
export const tooLongChunk: Verdict = { status: 413, code: 'RequestTooLarge' };

/** Sends bytes on a connection of their own and reads the answer strictly. */
export async function tell(emulator: Emulator, text: string, method = 'GET'): Promise<Verdict> {
  const answer = await firstAnswer(emulator, text, method);
  if (answer === undefined) return { status: 'closed' };
  const { status, headers } = answer;
  // The gateway that a fault plays has no document.
  const isOurs = headers.has('x-oss-request-id');
  return status >= 400 && isOurs ? { status, code: errorCodeOf(answer) } : { status };
}

/** The first answer; `undefined` where the connection was closed without one. */
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
