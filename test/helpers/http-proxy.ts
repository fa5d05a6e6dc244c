import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer to send; for HEAD its document goes into `x-oss-err`, as with OSS. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: string | Buffer;
}

/**
 * How an exchange ends: with an answer, or without one. `cut` ends in the middle of the
 * answer's head, `garbage` is not HTTP, `silence` leaves the connection open.
 */
export type Ending = HttpAnswer | 'reset' | 'eof' | 'cut' | 'garbage' | 'silence';

/** `empty-append` is an append of no bytes: a probe, or the creation of an empty object. */
export type ProxiedOperation = 'append' | 'empty-append' | 'head' | 'get' | 'other';

/** A request that arrived at the proxy. */
export interface ProxiedRequest {
  readonly operation: ProxiedOperation;

  /** The position of an append. */
  readonly position: number | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** A request as an intervention receives it. */
export interface Exchange extends ProxiedRequest {
  /** The whole body, once it has arrived. */
  readonly readBody: () => Promise<Buffer>;

  /** Forwards the request unchanged, and resolves with the true answer. */
  readonly forward: () => Promise<HttpAnswer>;

  /** Answers before the end of the intervention, and resolves when the answer has been sent. */
  readonly reply: (answer: HttpAnswer) => Promise<void>;
}

/** Decides how one exchange ends, and what happens before that. */
export type Intervention = (exchange: Exchange) => Ending | Promise<Ending>;

/** The affected requests: the nth of the operation and, with `times`, those after it. */
export interface Occasion {
  readonly operation: ProxiedOperation;
  readonly nth: number;
  readonly times?: number;
}

export interface HttpProxy extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly ProxiedRequest[];

  /** Runs `intervention` on `occasion`; of several for the same request, the first added. */
  intercept(occasion: Occasion, intervention: Intervention): void;
}

/** Ends the exchange with `ending` and forwards nothing. */
export function instead(ending: Ending): Intervention {
  return async ({ readBody }) => {
    await readBody();
    return ending;
  };
}

/**
 * Forwards the request, then ends the exchange with `ending`, which may depend on the true answer.
 */
export function afterwards(ending: Ending | ((answer: HttpAnswer) => Ending)): Intervention {
  return async ({ forward }) => {
    const answer = await forward();
    return typeof ending === 'function' ? ending(answer) : ending;
  };
}

/** A refusal in the format of OSS. */
export function refusal(
  status: number,
  code: string,
  { headers = {}, elements = '' }: { headers?: Record<string, string>; elements?: string } = {},
): HttpAnswer {
  return {
    status,
    headers: { 'x-oss-request-id': '5C3D9175B6FC201293AD4890', ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Said by OSS.</Message>${elements}</Error>`,
  };
}

/** Listens on a free loopback port and forwards requests to `origin`, unless intercepted. */
export async function startHttpProxy(origin: string): Promise<HttpProxy> {
  const requests: ProxiedRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  const interceptions: { occasion: Occasion; intervention: Intervention }[] = [];

  const interventionOn = (operation: ProxiedOperation): Intervention => {
    const count = requests.filter((request) => request.operation === operation).length;
    const found = interceptions.find(
      ({ occasion: { nth, times = 1, ...occasion } }) =>
        occasion.operation === operation && count >= nth && count < nth + times,
    );
    return found?.intervention ?? (({ forward }) => forward());
  };

  const server = createServer((incoming, response) => {
    const request = describeRequest(incoming);
    requests.push(request);
    const intervention = interventionOn(request.operation);
    let body: Promise<Buffer> | undefined;
    const readBody = () => {
      body ??= collect(incoming);
      return body;
    };
    const forward = async () => passOn({ origin, agent }, incoming, await readBody());
    const reply = async (early: HttpAnswer) => {
      answer(response, early, false);
      if (!response.writableFinished) await once(response, 'finish');
    };
    Promise.resolve(intervention({ ...request, readBody, forward, reply })).then(
      (ending) => end(response, ending, incoming.method === 'HEAD'),
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    intercept: (occasion, intervention) => {
      interceptions.push({ occasion, intervention });
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function describeRequest({ method, url = '', headers }: IncomingMessage): ProxiedRequest {
  const { searchParams } = new URL(url, 'http://any');
  const position = searchParams.get('position');
  return {
    operation: operationOf(method, searchParams, headers['content-length'] !== '0'),
    position: position === null ? undefined : Number(position),
    headers,
  };
}

function operationOf(
  method: string | undefined,
  query: URLSearchParams,
  hasBody: boolean,
): ProxiedOperation {
  if (method === 'HEAD') return 'head';
  if (method === 'GET') return 'get';
  if (method === 'POST' && query.has('append')) return hasBody ? 'append' : 'empty-append';
  return 'other';
}

/** Forwards a request unchanged, except `connection`: each side has its own connection. */
async function passOn(
  { origin, agent }: { origin: string; agent: Agent },
  { method = '', url, rawHeaders }: IncomingMessage,
  body: Buffer,
): Promise<HttpAnswer> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.toLowerCase() !== 'connection') headers[name] = rawHeaders[index + 1] as string;
  }
  const outgoing = send(new URL(url as string, origin), { method, headers, agent });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { connection: _, 'transfer-encoding': __, ...answered } = incoming.headers;
  return { status: incoming.statusCode ?? 0, headers: answered, body: await collect(incoming) };
}

async function collect(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece);
  return Buffer.concat(pieces);
}

function end(response: ServerResponse, ending: Ending, isHead: boolean): void {
  const { socket } = response;
  switch (ending) {
    case 'reset':
      socket?.resetAndDestroy();
      return;
    case 'eof':
      socket?.destroy();
      return;
    case 'cut':
      socket?.end('HTTP/1.1 200 OK\r\nx-oss-request-id: 5C3D');
      return;
    case 'garbage':
      socket?.end('220 mail.example.com ESMTP\r\n\r\n');
      return;
    case 'silence':
      return;
    default:
      answer(response, ending, isHead);
  }
}

function answer(response: ServerResponse, { status, headers, body }: HttpAnswer, isHead: boolean) {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value !== undefined) response.setHeader(name, value);
  }
  // A replaced body has another length.
  if (body !== undefined && !isHead) response.setHeader('content-length', Buffer.byteLength(body));
  if (isHead) {
    if (body?.length) response.setHeader('x-oss-err', Buffer.from(body).toString('base64'));
    response.writeHead(status).end();
  } else {
    response.writeHead(status).end(body);
  }
}
