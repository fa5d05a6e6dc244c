import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type BodyPiece, RequestScanner } from './request-scanner.js';

/** Points at which an exchange is cut. */
export const cutPlaces = [
  'before the body',
  'inside the body',
  'after the body',
  'inside the answer',
] as const;

export type CutPlace = (typeof cutPlaces)[number];

/** Ways to break a connection. The server still receives what was sent to it before. */
export interface RelayedConnection {
  /** Ends it at once with a reset. */
  reset(): void;

  /** Ends it normally. */
  close(): void;

  /** Keeps it open but drops all further bytes in both directions. */
  silence(): void;
}

/** An action at a certain point of an exchange. */
export interface Strike {
  readonly place: CutPlace;

  /** Only appends with a body are counted, and only if their target contains this. */
  readonly key: string;

  /** The first of them to break, from 1, and how many in a row. */
  readonly nth: number;
  readonly times: number;
  act(connection: RelayedConnection): void;
}

/** A relay between clients and a server that breaks connections where a test says. */
export interface CuttingRelay extends AsyncDisposable {
  readonly endpoint: string;
  add(strike: Strike): void;
}

/** Listens on a free loopback port and forwards bytes to `endpoint`. */
export async function startCuttingRelay(endpoint: string): Promise<CuttingRelay> {
  const { hostname, port } = new URL(endpoint);
  const strikes: PendingStrike[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    relay(client, upstream, (target) => strikes.find((strike) => strike.isDue(target))?.strike);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (strike) => void strikes.push(new PendingStrike(strike)),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

class PendingStrike {
  readonly strike: Strike;
  #seen = 0;

  constructor(strike: Strike) {
    this.strike = strike;
  }

  isDue(target: string): boolean {
    const { key, nth, times } = this.strike;
    if (!target.includes(key)) return false;
    this.#seen++;
    return this.#seen >= nth && this.#seen < nth + times;
  }
}

/** Bytes of a cut answer that still get through: less than its first line. */
const answerStump = 9;

/** Forwards bytes in both directions, and acts at the place of a request's strike. */
function relay(
  client: Socket,
  upstream: Socket,
  strikeFor: (target: string) => Strike | undefined,
): void {
  const scanner = new RequestScanner();
  let strike: Strike | undefined;
  let isCut = false;
  const end = (endClient: () => void) => {
    isCut = true;
    upstream.end();
    endClient();
  };
  const connection: RelayedConnection = {
    reset: () => end(() => client.resetAndDestroy()),
    close: () => end(() => client.end()),
    silence: () => {
      isCut = true;
    },
  };
  const strikeAt = (place: CutPlace) => {
    if (strike?.place !== place) return;
    const { act } = strike;
    strike = undefined;
    act(connection);
  };

  client.on('data', (bytes) => {
    for (const piece of scanner.scan(bytes)) {
      if (isCut) return;
      if (piece.kind === 'head') {
        const { method, target, contentLength } = piece;
        strike = method === 'POST' && contentLength > 0 ? strikeFor(target) : undefined;
        upstream.write(piece.bytes);
        strikeAt('before the body');
        continue;
      }
      const middle = strike?.place === 'inside the body' ? middleOf(piece) : undefined;
      upstream.write(piece.bytes.subarray(0, middle));
      if (middle !== undefined) {
        strikeAt('inside the body');
        if (!isCut) upstream.write(piece.bytes.subarray(middle));
      }
      if (piece.rest === 0) strikeAt('after the body');
    }
  });
  upstream.on('data', (bytes) => {
    if (isCut) return;
    if (strike?.place !== 'inside the answer') return void client.write(bytes);
    client.write(bytes.subarray(0, answerStump));
    strikeAt('inside the answer');
    if (!isCut) client.write(bytes.subarray(answerStump));
  });
  client.on('end', () => upstream.end());
  upstream.on('end', () => isCut || client.end());
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.resetAndDestroy());
  client.on('close', () => upstream.end());
}

/** Index in a piece at which the second half of the body begins, if it does so there. */
function middleOf({ bytes, contentLength, rest }: BodyPiece): number | undefined {
  const start = contentLength - rest - bytes.length;
  const middle = Math.floor(contentLength / 2) - start;
  return middle >= 0 && middle < bytes.length ? middle : undefined;
}
