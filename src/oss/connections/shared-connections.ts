import { Connections } from './connections.js';
import type { Proxies } from './proxies.js';

/**
 * Connections to one origin at a time, as many as the official SDK for Go has by default.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/transport/http.go
 */
const mostConnections = 100;

interface SharedConnections {
  readonly connections: Connections;

  /** Clients that use the connections; never 0 while they are in the table. */
  references: number;
}

/** By origin, and by the proxies that lead there. */
const sharedConnections = new Map<string, SharedConnections>();

/** A client's share in the connections to one origin. */
export interface ConnectionShare {
  readonly connections: Connections;

  /** Closes the connections when nobody else uses them. Must be called once. */
  release(): Promise<void>;
}

/**
 * Joins the connections to `origin`, which all clients of the process share that go there through the
 * same proxies.
 *
 * @param most How many there may be at a time; whoever comes first decides.
 */
export function shareConnections(
  origin: string,
  most = mostConnections,
  proxies?: Proxies,
): ConnectionShare {
  const way = proxies === undefined ? origin : JSON.stringify([origin, proxies]);
  const shared = sharedConnections.get(way) ?? {
    connections: new Connections(origin, most, proxies),
    references: 0,
  };
  shared.references++;
  sharedConnections.set(way, shared);
  return {
    connections: shared.connections,
    async release() {
      shared.references--;
      if (shared.references > 0) return;
      sharedConnections.delete(way);
      await shared.connections.close();
    },
  };
}
