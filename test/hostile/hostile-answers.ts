import { setTimeout as delay } from 'node:timers/promises';
import type { Treatment } from './hostile-server.js';

/** The header without which an answer is not taken for one of OSS. */
export const signedOff = 'x-oss-request-id: 5C3D9175B6FC201293AD4890';

/** The header that makes the answer to an append of five bytes, or to a HEAD, a success. */
export const five = 'x-oss-next-append-position: 5';

/** An answer of OSS. It has a `Content-Length`, unless `lines` have a framing. */
export function ossAnswer(
  status: string,
  lines: readonly string[] = [],
  body: string | Buffer = '',
): Buffer {
  const isFramed = lines.some((line) => /^(?:content-length|transfer-encoding)\b/i.test(line));
  const framing = isFramed ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  return answer(status, [signedOff, ...lines, ...framing], body);
}

/** An answer of exactly these lines. */
export function answer(
  status: string,
  lines: readonly string[],
  body: string | Buffer = '',
): Buffer {
  const head = [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}

/** A head whose body lasts until the connection ends. */
export function endlessAnswer(status: string, lines: readonly string[] = []): Buffer {
  return answer(status, [signedOff, ...lines]);
}

/** Waits for the whole request, then sends these bytes in one piece. */
export function say(...bytes: (string | Buffer)[]): Treatment {
  return async ({ socket, body }) => {
    await body;
    socket.write(Buffer.concat(bytes.map((piece) => Buffer.from(piece))));
  };
}

/** As {@link say}, and closes the connection afterwards. */
export function sayAndClose(...bytes: (string | Buffer)[]): Treatment {
  return async (request) => {
    await say(...bytes)(request);
    request.socket.end();
  };
}

// Reached only if the client never stops reading.
const floodLimit = 256 * 1024 * 1024;

/** Sends `start`, then `piece` repeatedly, as fast as the client reads. */
export function flood(start: string | Buffer, piece: string | Buffer): Treatment {
  return async ({ socket, body }) => {
    await body;
    socket.write(start);
    const write = () => {
      while (!socket.destroyed && socket.bytesWritten < floodLimit && socket.write(piece));
    };
    socket.on('drain', write);
    write();
  };
}

/** Sends `start`, then `piece` every few milliseconds. */
export function drip(start: string | Buffer, piece: string | Buffer): Treatment {
  return async ({ socket, body }) => {
    await body;
    socket.write(start);
    while (!socket.destroyed) {
      await delay(5);
      socket.write(piece);
    }
  };
}

/** Answers as OSS would for an object whose length fits each request. */
export const wellBehaved: Treatment = async ({ method, target, body, socket }) => {
  const position = Number(/position=(\d+)/.exec(target)?.[1] ?? 0);
  const next = `x-oss-next-append-position: ${position + (await body).length}`;
  switch (method) {
    case 'HEAD':
      socket.write(ossAnswer('200 OK', [five, 'x-oss-object-type: Appendable']));
      break;
    case 'GET':
      socket.write(ossAnswer('200 OK', [], 'hello'));
      break;
    default:
      socket.write(ossAnswer('200 OK', [next]));
  }
};
