import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** One answer as received. */
export interface RawAnswer {
  readonly status: number;

  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawAnswers {
  readonly answers: readonly RawAnswer[];

  /** Bytes after the last complete answer: part of another one, or nothing. */
  readonly rest: string;
}

/**
 * Parses the answers in everything that a connection received, one character per byte. Interim
 * answers (`100 Continue`) are checked and omitted.
 *
 * @param methods Methods of the requests, in order: an answer to `HEAD` has no body. Default: all
 * `GET`.
 * @param hasEnded Whether the server closed the connection, which ends some answers.
 * @throws {Error} If the text is not HTTP.
 */
export function readAnswers(
  received: string,
  { methods = [], hasEnded }: { methods?: readonly string[]; hasEnded: boolean },
): RawAnswers {
  const answers: RawAnswer[] = [];
  let rest = received;
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd === -1) return { answers, rest };
    const { status, headers } = readHead(rest.slice(0, headEnd));
    const hasBody = status >= 200 && status !== 204 && status !== 304;
    const isHead = methods[answers.length] === 'HEAD';
    const after = rest.slice(headEnd + 4);
    const length = hasBody && !isHead ? bodyLength(headers, after, hasEnded) : 0;
    if (length === undefined || length > after.length) return { answers, rest };
    if (status >= 200) answers.push({ status, headers, body: after.slice(0, length) });
    rest = after.slice(length);
  }
  return { answers, rest };
}

/**
 * The code of an error document, in the body or in a header.
 *
 * @throws {Error} If it is not a well-formed document with a code and a request ID.
 */
export function errorCodeOf({ headers, body }: RawAnswer): string {
  const encoded = headers.get('x-oss-err');
  const bytes =
    encoded === undefined ? Buffer.from(body, 'latin1') : Buffer.from(encoded, 'base64');
  const document = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(document)) {
    throw new Error(`Not all characters are valid in XML: ${document}`);
  }
  const verdict = XMLValidator.validate(document);
  if (verdict !== true) throw new Error(`${verdict.err.msg}: ${document}`);
  const { Error: error } = new XMLParser({ parseTagValue: false }).parse(document);
  if (!/^\w+$/.test(error?.Code) || error.RequestId !== headers.get('x-oss-request-id')) {
    throw new Error(`Cannot find code and request ID in ${document}`);
  }
  return error.Code;
}

function readHead(head: string): { status: number; headers: Map<string, string> } {
  const [statusLine = '', ...lines] = head.split('\r\n');
  const [, digits] = /^HTTP\/1\.1 ([1-5]\d\d) [ -~]+$/.exec(statusLine) ?? [];
  if (digits === undefined) throw new Error(`"${statusLine}" is not a status line`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = /^([\w!#$%&'*+.^`|~-]+): ?([\t -~\x80-\xff]*)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`"${line}" is not a header`);
    headers.set(name.toLowerCase(), value);
  }
  return { status: Number(digits), headers };
}

/** Bytes of the body with its framing; `undefined` if it has not arrived. */
function bodyLength(
  headers: ReadonlyMap<string, string>,
  after: string,
  hasEnded: boolean,
): number | undefined {
  const length = headers.get('content-length');
  if (length !== undefined) return Number(length);
  if (headers.get('transfer-encoding') === 'chunked') {
    // Only Node's own refusals are chunked, and their bodies are empty.
    const end = '0\r\n\r\n';
    return after.startsWith(end) ? end.length : undefined;
  }
  return hasEnded ? after.length : undefined;
}
