import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A relay between a client and a server that a test can stall and resume. */
export interface Relay extends AsyncDisposable {
  /** The server's address through the relay. */
  readonly endpoint: string;

  /** Stops forwarding bytes to the server, even in the middle of a request. */
  stall(): void;
  resume(): void;
}

/** Listens on a free loopback port and forwards bytes to `endpoint`. */
export async function startRelay(endpoint: string): Promise<Relay> {
  const { hostname, port } = new URL(endpoint);
  const sockets = new Set<Socket>();
  let isStalled = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (!upstream.write(bytes)) client.pause();
    });
    upstream.on('drain', () => {
      if (!isStalled) client.resume();
    });
    upstream.pipe(client);
    if (isStalled) client.pause();
    stalling.add(() => (isStalled ? client.pause() : client.resume()));
  });
  const stalling = new Set<() => void>();
  const apply = () => {
    for (const change of stalling) change();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stall() {
      isStalled = true;
      apply();
    },
    resume() {
      isStalled = false;
      apply();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
