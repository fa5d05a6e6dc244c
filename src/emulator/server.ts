import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Connection } from './connection.js';
import type { Emulation } from './emulation.js';
import { Exchange } from './exchange.js';
import { isReadable, type ParseFailure, refuseUnreadable } from './protocol/refused-request.js';

/** Milliseconds that idle connections stay open: longer than in the pools of the official SDKs. */
const keepAliveTimeout = 90_000;

/** A listening socket and the exchanges on it. */
export class EmulatorServer {
  readonly #server: Server;
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #exchanges = new Set<Promise<void>>();

  constructor(emulation: Emulation) {
    // The C SDK sends Content-Length with chunked bodies, which Node's strict parser refuses.
    this.#server = createServer({ keepAliveTimeout, insecureHTTPParser: true });
    // Node drops headers after the 2,000th, even a digest or a length; 16 KiB remain the limit.
    this.#server.maxHeadersCount = 0;
    const refuse = (failure: ParseFailure, socket: Socket) => {
      const isHeard = this.#connectionOf(socket).isHeard;
      refuseUnreadable(failure, socket, { isHeard, now: emulation.clock.now() });
    };
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      refuse(error, socket as Socket),
    );
    const exchange = (expectsContinue: boolean) => {
      return (incoming: IncomingMessage, response: ServerResponse) => {
        response.on('error', () => {}); // The client has left.
        if (!isReadable(incoming)) return refuse({ method: incoming.method }, incoming.socket);
        const options = { incoming, response, expectsContinue };
        const answer = () => new Exchange(emulation, options).run();
        this.#track(this.#connectionOf(incoming.socket).serve(options, answer));
      };
    };
    this.#server.on('request', exchange(false));
    this.#server.on('checkContinue', exchange(true));
  }

  /** Resolves with the port when connections are accepted. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('Cannot find the port');
    return address.port;
  }

  /** Destroys all connections and waits for all exchanges to end. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await Promise.all(this.#exchanges);
  }

  #connectionOf(socket: Socket): Connection {
    const connection = this.#connections.get(socket) ?? new Connection(socket);
    this.#connections.set(socket, connection);
    return connection;
  }

  #track(exchange: Promise<void>): void {
    this.#exchanges.add(exchange);
    void exchange.finally(() => this.#exchanges.delete(exchange));
  }
}
