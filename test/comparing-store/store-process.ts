// A store in its own process that keeps no bytes: it compares them with the expected ones, and
// answers like OSS, after a delay.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { loadCrc64 } from '../../src/crc64.js';
import { serve } from '../helpers/remote.js';
import { ExpectedBytes } from './expected-bytes.js';
import { type Expectation, ExpectedObject, type ObjectAccount } from './expected-object.js';
import { serveConnection } from './store-connection.js';
import { keysOf, sourceOf } from './target.js';

export type Protocol = 'http' | 'https';
export type Endpoints = Readonly<Partial<Record<Protocol, string>>>;

export interface StoreAddress {
  readonly endpoints: Endpoints;

  /** Certificate of `https`, as PEM; empty without it. */
  readonly certificate: string;
}

/** The objects of one call of `expect()`. */
interface Order {
  readonly keys: readonly string[];

  /** Connections that carried any of its requests. */
  readonly sockets: Set<Socket>;
}

interface Entry extends Pick<Order, 'sockets'> {
  readonly object: ExpectedObject;
}

/** The state of an order. */
export interface OrderAccount extends ObjectAccount {
  /** Connections that carried its requests. */
  readonly connections: number;

  /** Whether all its objects are equally long. */
  readonly isEven: boolean;
}

const crc64 = await loadCrc64();
const orders = new Map<string, Order>();
const objects = new Map<string, Entry>();
let connections = 0;
let mostConnections = 0;

const functions = {
  async start(protocols: readonly Protocol[]): Promise<StoreAddress> {
    const http = `http://127.0.0.1:${await listen(createServer(accept))}`;
    if (!protocols.includes('https')) return { endpoints: { http }, certificate: '' };
    // Loaded only when needed: it takes longer than the rest of the start.
    const { makeIdentity } = await import('../helpers/identity.js');
    const { key, cert } = await makeIdentity();
    const port = await listen(createTlsServer({ key, cert }, accept));
    return { endpoints: { http, https: `https://127.0.0.1:${port}` }, certificate: cert };
  },

  /** Prepares for an object, or several, that do not exist yet. */
  expect(key: string, { period, delay, objects: count, stored }: Expectation): void {
    const bytes = new ExpectedBytes(Buffer.from(period), crc64);
    const keys = count === undefined ? [key] : keysOf(key, count);
    const order = { keys, sockets: new Set<Socket>() };
    orders.set(key, order);
    const { sockets } = order;
    for (const own of keys) {
      const itsStored = stored?.isNormal ? undefined : stored;
      objects.set(own, { object: new ExpectedObject(bytes, delay, itsStored), sockets });
    }
    if (stored?.isNormal) {
      objects.set(sourceOf(key), { object: new ExpectedObject(bytes, delay, stored), sockets });
    }
  },

  /** Returns the state of the objects and forgets them. */
  take(key: string): OrderAccount | undefined {
    const order = orders.get(key);
    if (order === undefined) return undefined;
    const accounts = order.keys.flatMap((own) => objects.get(own)?.object.account ?? []);
    orders.delete(key);
    for (const own of [...order.keys, sourceOf(key)]) objects.delete(own);
    const sum = (value: (account: ObjectAccount) => number) =>
      accounts.reduce((total, account) => total + value(account), 0);
    return {
      byteLength: sum(({ byteLength }) => byteLength),
      mismatchAt: accounts.find(({ mismatchAt }) => mismatchAt !== undefined)?.mismatchAt,
      appends: sum(({ appends }) => appends),
      requests: sum(({ requests }) => requests),
      connections: order.sockets.size,
      isEven: new Set(accounts.map(({ byteLength }) => byteLength)).size <= 1,
    };
  },

  /** Connections open now, and the most open at one time since the last call. */
  connections(): { now: number; most: number } {
    const most = mostConnections;
    mostConnections = connections;
    return { now: connections, most };
  },
};

export type StoreFunctions = typeof functions;

serve(functions);

async function listen(server: Server): Promise<number> {
  server.on('connection', (socket) => {
    connections++;
    mostConnections = Math.max(mostConnections, connections);
    socket.once('close', () => connections--);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function accept(socket: Socket): void {
  serveConnection(socket, (key) => {
    const entry = objects.get(key);
    entry?.sockets.add(socket);
    return entry?.object;
  });
}
