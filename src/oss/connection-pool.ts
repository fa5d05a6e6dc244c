import { Client } from 'undici';
import type { RequestDispatcher } from './http-message.js';

interface SharedConnections {
  readonly connections: Connections;

  /** Clients that use the connections; never 0 while they are in the table. */
  references: number;
}

const sharedConnections = new Map<string, SharedConnections>();

/** A client's share in the connections to one origin. */
export interface ConnectionShare {
  readonly dispatcher: RequestDispatcher;

  /** Closes the connections when nobody else uses them. Must be called once. */
  release(): Promise<void>;
}

/** Joins the connections to `origin`, which all clients of the process share. */
export function shareConnections(origin: string): ConnectionShare {
  const shared = sharedConnections.get(origin) ?? {
    connections: new Connections(origin),
    references: 0,
  };
  shared.references++;
  sharedConnections.set(origin, shared);
  return {
    dispatcher: shared.connections,
    async release() {
      shared.references--;
      if (shared.references > 0) return;
      sharedConnections.delete(origin);
      await shared.connections.close();
    },
  };
}

/**
 * As many connections to one origin as there are requests at a time.
 *
 * undici's own `Pool` takes a connection for busy until the event loop has turned, so that requests
 * in succession, which is what a stream sends, would need two connections by turns.
 */
class Connections implements RequestDispatcher {
  readonly #origin: string;

  /** One connection each, or none while it has nothing to do. */
  readonly #clients: Client[] = [];

  constructor(origin: string) {
    this.#origin = origin;
  }

  dispatch(...request: Parameters<Client['dispatch']>): boolean {
    return this.#freeClient().dispatch(...request);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #freeClient(): Client {
    const free = this.#clients.filter(({ stats }) => stats.size === 0);
    const client = free.find(({ stats }) => stats.connected) ?? free[0];
    if (client !== undefined) return client;
    const created = createClient(this.#origin);
    this.#clients.push(created);
    return created;
  }
}

function createClient(origin: string): Client {
  return new Client(origin, {
    // OSS does not publish when it closes idle connections. The official SDKs keep theirs for 50 s,
    // and a connection closed under a request costs a reconcile.
    keepAliveTimeout: 20_000,
    keepAliveMaxTimeout: 20_000,
    connect: { timeout: 10_000 },
  });
}
