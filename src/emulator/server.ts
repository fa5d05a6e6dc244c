import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Emulation } from './emulation.js';
import { Exchange } from './exchange.js';

/** Milliseconds an idle connection is kept: longer than the pools of the official SDKs keep it. */
const keepAliveTimeout = 90_000;

/** A listening socket and the exchanges on it. */
export class EmulatorServer {
  readonly #server: Server;
  readonly #exchanges = new Set<Promise<void>>();

  constructor(emulation: Emulation) {
    this.#server = createServer({ keepAliveTimeout });
    const exchange = (expectsContinue: boolean) => {
      return (incoming: IncomingMessage, response: ServerResponse) => {
        response.on('error', () => {}); // The client has left; there is nobody to tell.
        this.#track(new Exchange(emulation, { incoming, response, expectsContinue }).run());
      };
    };
    this.#server.on('request', exchange(false));
    this.#server.on('checkContinue', exchange(true));
  }

  /** Resolves with the port, once connections are accepted. */
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

  /** Destroys every connection and waits until nothing is being done for any of them. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await Promise.all(this.#exchanges);
  }

  #track(exchange: Promise<void>): void {
    this.#exchanges.add(exchange);
    void exchange.finally(() => this.#exchanges.delete(exchange));
  }
}
