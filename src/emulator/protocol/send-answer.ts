import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from './answer.js';
import { discardBody } from './discard-body.js';
import { withOssNames } from './header-names.js';

/** Both directions of one exchange. */
export interface ExchangeSides {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
}

/** Sends a whole answer and resolves when it is sent or the client has left. */
export async function sendAnswer(answer: Answer, sides: ExchangeSides): Promise<void> {
  const { incoming, response } = sides;
  const { body } = answer;
  response.writeHead(answer.status, withOssNames(answer.headers));
  if (body !== undefined && !(body instanceof Uint8Array)) return sendPieces(body, sides);
  if (!incoming.complete) return sendEarly(body, sides);
  response.end(body);
}

/**
 * Sends half of the body, or half of the head if the answer has no body, and closes the connection.
 */
export async function sendCutAnswer(answer: Answer, { incoming }: ExchangeSides): Promise<void> {
  const { socket } = incoming;
  const head = Buffer.from(rawHead(answer), 'latin1');
  const body = await firstHalf(answer);
  const sent = body.byteLength === 0 ? head.subarray(0, head.byteLength >> 1) : head;
  socket.end(Buffer.concat([sent, body]), () => socket.destroy());
}

async function sendPieces(
  pieces: AsyncIterable<Uint8Array>,
  { incoming: { socket }, response }: ExchangeSides,
): Promise<void> {
  for await (const piece of pieces) {
    if (socket.destroyed) return;
    if (!response.write(piece)) await untilDrained(response, socket);
  }
  response.end();
}

/** Watches the socket too: a response queued after one of Node's own gets no 'close' event. */
function untilDrained(response: ServerResponse, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      response.off('drain', finish);
      socket.off('close', finish);
      resolve();
    };
    response.on('drain', finish);
    socket.on('close', finish);
  });
}

/**
 * Answers a client that is still sending its body. Ends the response only after the rest has been
 * read: Node may close the connection then, and closing it with unread bytes causes a reset that
 * can overtake the answer.
 */
async function sendEarly(
  body: Uint8Array | undefined,
  { incoming, response }: ExchangeSides,
): Promise<void> {
  response.flushHeaders();
  if (body !== undefined) response.write(body);
  if (await discardBody(incoming)) response.end();
  else incoming.socket.destroy();
}

function rawHead({ status, headers }: Answer): string {
  const lines = Object.entries(withOssNames(headers)).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
}

async function firstHalf({ headers, body }: Answer): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  const wanted = Math.floor(Number(headers['content-length']) / 2);
  if (body instanceof Uint8Array) return Buffer.from(body.subarray(0, wanted));
  const pieces: Uint8Array[] = [];
  let byteLength = 0;
  for await (const piece of body) {
    if (byteLength >= wanted) break;
    pieces.push(piece);
    byteLength += piece.byteLength;
  }
  return Buffer.concat(pieces).subarray(0, wanted);
}
