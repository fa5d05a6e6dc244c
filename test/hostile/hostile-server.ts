import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** One request, as soon as its head has arrived. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;

  /** Request line and headers. */
  readonly head: string;

  /** Resolves when it has arrived completely. */
  readonly body: Promise<Buffer>;
  readonly socket: Socket;
}

/** How a request is handled. Called before its body has arrived. */
export type Treatment = (request: HostileRequest) => void | Promise<void>;

export interface HostileServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly HostileRequest[];

  /** Connections accepted so far. */
  readonly connections: readonly Socket[];

  /** Bytes sent so far. */
  readonly bytesSent: number;
}

/**
 * A server on loopback without an HTTP implementation: it only finds the requests in the received
 * bytes, and handles each with the next treatment, further ones with the last.
 */
export async function startHostileServer(...treatments: Treatment[]): Promise<HostileServer> {
  const requests: HostileRequest[] = [];
  const connections: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    connections.push(socket);
    // Most tests end with a reset.
    socket.on('error', () => {});
    findRequests(socket, (request) => {
      const treatment = treatments[Math.min(requests.length, treatments.length - 1)];
      requests.push(request);
      void treatment?.(request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections,
    get bytesSent() {
      return connections.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of connections) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** Resolves when the connection has closed, with or without an error. */
export function closed(socket: Socket | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (socket === undefined || socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

function findRequests(socket: Socket, onRequest: (request: HostileRequest) => void): void {
  let received = Buffer.alloc(0);
  let current: { readonly byteLength: number; finish(body: Buffer): void } | undefined;
  socket.on('data', (piece) => {
    received = Buffer.concat([received, piece]);
    while (received.length > 0 || current !== undefined) {
      if (current === undefined) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = received.toString('latin1', 0, end);
        received = received.subarray(end + 4);
        current = announce(socket, head, onRequest);
      }
      if (received.length < current.byteLength) return;
      current.finish(received.subarray(0, current.byteLength));
      received = received.subarray(current.byteLength);
      current = undefined;
    }
  });
}

function announce(socket: Socket, head: string, onRequest: (request: HostileRequest) => void) {
  const [method = '', target = ''] = head.split(' ', 2);
  const [, byteLength = '0'] = /\r\ncontent-length: (\d+)/.exec(head) ?? [];
  let finish: (body: Buffer) => void = () => {};
  const body = new Promise<Buffer>((resolve) => {
    finish = resolve;
  });
  onRequest({ method, target, head, body, socket });
  return { byteLength: Number(byteLength), finish };
}
