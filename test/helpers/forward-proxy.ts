import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A client's request to the proxy: a tunnel, or a request to forward. */
export interface ProxyRequest {
  /** `CONNECT` for a tunnel. */
  readonly method: string;

  /** Host and port, or the whole URL of a request to forward. */
  readonly target: string;

  /** User and password, as in a URL. */
  readonly credentials: string | undefined;
}

/** A proxy like those between a company network and the internet. */
export interface ForwardProxy extends AsyncDisposable {
  /** Its URL, without credentials. */
  readonly url: string;

  /** Host and port. */
  readonly address: string;
  readonly requests: readonly ProxyRequest[];

  /** Status that refuses every further request; `undefined` refuses none. */
  refusal: number | undefined;

  /** Whether a connection serves one request and is closed without notice on the next. */
  servesOnce: boolean;

  /** Open sockets of clients. */
  readonly clients: ReadonlySet<Duplex>;
}

/**
 * Listens on a free loopback port, opens tunnels (CONNECT) and forwards requests with a whole URL.
 *
 * @param credentials Required user and password, as `user:password`.
 */
export async function startForwardProxy(credentials?: string): Promise<ForwardProxy> {
  const requests: ProxyRequest[] = [];
  const sockets = new Set<Duplex>();
  const clients = new Set<Duplex>();

  /** Records the request, and returns the status that refuses it, if any. */
  const refusalOf = ({ method = '', url = '', headers }: IncomingMessage): number | undefined => {
    const [, basic] = /^Basic (.+)$/.exec(headers['proxy-authorization'] ?? '') ?? [];
    const given = basic === undefined ? undefined : Buffer.from(basic, 'base64').toString();
    requests.push({ method, target: url, credentials: given });
    return proxy.refusal ?? (given === credentials ? undefined : 407);
  };

  const served = new WeakSet<Duplex>();
  const server = createServer((incoming, response) => {
    if (proxy.servesOnce && served.has(incoming.socket)) {
      incoming.socket.destroy();
      return;
    }
    served.add(incoming.socket);
    const refusal = refusalOf(incoming);
    if (refusal !== undefined) {
      // A proxy reads the body of a refused request.
      incoming.resume().on('end', () => response.writeHead(refusal).end('<h1>Refused</h1>'));
      return;
    }
    const { method, url = '', headers } = incoming;
    const { 'proxy-authorization': _, ...passed } = headers;
    const outgoing = send(url, { method, headers: passed }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    const refusal = refusalOf(incoming);
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const upstream = connect(Number(port || 80), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    sockets.add(upstream);
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const proxy: ForwardProxy = {
    url: `http://${address}`,
    address,
    requests,
    refusal: undefined,
    servesOnce: false,
    clients,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
  return proxy;
}
