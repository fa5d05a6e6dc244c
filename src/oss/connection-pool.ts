import { Connections } from './connections.js';

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

const sharedConnections = new Map<string, SharedConnections>();

/** A client's share in the connections to one origin. */
export interface ConnectionShare {
  readonly connections: Connections;

  /** Closes the connections when nobody else uses them. Must be called once. */
  release(): Promise<void>;
}

/**
 * Joins the connections to `origin`, which all clients of the process share.
 *
 * @param most How many there may be at a time; whoever comes first decides.
 */
export function shareConnections(origin: string, most = mostConnections): ConnectionShare {
  const shared = sharedConnections.get(origin) ?? {
    connections: new Connections(origin, most),
    references: 0,
  };
  shared.references++;
  sharedConnections.set(origin, shared);
  return {
    connections: shared.connections,
    async release() {
      shared.references--;
      if (shared.references > 0) return;
      sharedConnections.delete(origin);
      await shared.connections.close();
    },
  };
}
