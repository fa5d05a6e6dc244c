import type { Emulator } from '../../../src/emulator/index.js';
import { headText, openRawConnection } from '../raw-connection.js';

/** A request exactly as an SDK sends it. */
export interface WireRequest {
  readonly method: string;

  /** The request target. */
  readonly target: string;

  /** Names as sent. */
  readonly headers: Readonly<Record<string, string>>;

  /** Includes the framing of a chunked body. */
  readonly body?: string | undefined;
}

/** An answer exactly as received. */
export class WireAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;

  constructor(received: string) {
    const [head = '', ...rest] = received.split('\r\n\r\n');
    const [statusLine = '', ...lines] = head.split('\r\n');
    this.status = Number(statusLine.split(' ')[1]);
    this.headers = new Map(
      lines.map((line) => [line.split(': ', 1)[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
    );
    this.body = Buffer.from(rest.join('\r\n\r\n'), 'latin1').toString();
  }

  /** The value of a header; `name` is case-sensitive. */
  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  /** The text of an element of the document. */
  element(name: string): string | undefined {
    return new RegExp(`<${name}>([^<]*)</${name}>`).exec(this.body)?.[1];
  }
}

/**
 * Sends a request unchanged and reads the whole answer. The connection stays open, as with the
 * SDKs, so that the answer must have a length. With `Expect`, waits for `100 Continue`.
 */
export async function exchange(emulator: Emulator, request: WireRequest): Promise<WireAnswer> {
  const { method, target, headers, body = '' } = request;
  await using connection = await openRawConnection(emulator);
  connection.write(headText(method, target, headers));
  const interim = headers.Expect === undefined ? '' : 'HTTP/1.1 100 Continue\r\n\r\n';
  await connection.until(interim);
  connection.write(body);
  const received = await connection.untilEnough((text) =>
    isWhole(text.slice(interim.length), method),
  );
  return new WireAnswer(received.slice(interim.length));
}

function isWhole(received: string, method: string): boolean {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return false;
  if (method === 'HEAD' || /^HTTP\/1\.1 (204|304) /.test(received)) return true;
  const length = /^content-length: (\d+)\r$/im.exec(received.slice(0, end + 1))?.[1];
  return length !== undefined && received.length >= end + 4 + Number(length);
}
