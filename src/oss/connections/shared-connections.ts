import { Connections } from './connections.js';
import type { Proxies } from './proxies.js';

/**
 * Maximum connections to one origin: the default of the official Go SDK.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/transport/http.go
 */
const mostConnections = 100;

interface SharedConnections {
  readonly connections: Connections;

  /** Clients that use the connections; never 0 while they are in the table. */
  references: number;
}

/** By origin and proxies. */
const sharedConnections = new Map<string, SharedConnections>();

/** A client's reference to the connections to one origin. */
export interface ConnectionShare {
  readonly connections: Connections;

  /** Closes the connections if no other client uses them. Must be called once. */
  release(): Promise<void>;
}

/**
 * Returns the connections to `origin`, which all clients of the process with these proxies share.
 *
 * @param most Maximum number of connections; the first client decides.
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
