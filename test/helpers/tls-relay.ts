import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { makeIdentity } from './identity.js';

/** A TLS endpoint in front of a server without TLS. */
export interface TlsRelay extends AsyncDisposable {
  readonly endpoint: string;

  /** Connections accepted so far. */
  readonly count: number;

  /** Writes its certificate to a file, for `NODE_EXTRA_CA_CERTS`. */
  writeCertificate(path: string): Promise<void>;
}

/** Listens on a free loopback port and forwards the decrypted bytes to `endpoint`. */
export async function startTlsRelay(endpoint: string): Promise<TlsRelay> {
  const { hostname, port } = new URL(endpoint);
  const { key, cert } = await makeIdentity();
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer({ key, cert }, (client) => {
    count++;
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    writeCertificate: (path) => writeFile(path, cert),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
