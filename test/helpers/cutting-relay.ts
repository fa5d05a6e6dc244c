import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type BodyPiece, RequestScanner } from './request-scanner.js';

/** How far an exchange gets. */
export const cutPlaces = [
  'before the body',
  'inside the body',
  'after the body',
  'inside the answer',
] as const;

export type CutPlace = (typeof cutPlaces)[number];

/** What can be done to a connection; what the server has been sent by then, it gets. */
export interface RelayedConnection {
  /** Ends it at once, with a reset. */
  reset(): void;

  /** Ends it in order. */
  close(): void;

  /** Keeps it, and lets nothing more through in either direction. */
  silence(): void;
}

/** Something to do when an exchange has got so far. */
export interface Strike {
  readonly place: CutPlace;

  /** Appends with a body are counted whose target contains this. */
  readonly key: string;

  /** The first of them that is struck, from 1, and how many in a row. */
  readonly nth: number;
  readonly times: number;
  act(connection: RelayedConnection): void;
}

/** A network between clients and a server that breaks where a test says. */
export interface CuttingRelay extends AsyncDisposable {
  readonly endpoint: string;
  add(strike: Strike): void;
}

/** Listens on a free port of the loopback and passes bytes on to `endpoint`. */
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

/** Bytes of an answer that still come through when it is cut: less than its first line. */
const answerStump = 9;

/** Passes bytes on in both directions, and acts where the strike of a request says. */
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

/** Where in a piece the second half of the body begins, if it does there. */
function middleOf({ bytes, contentLength, rest }: BodyPiece): number | undefined {
  const start = contentLength - rest - bytes.length;
  const middle = Math.floor(contentLength / 2) - start;
  return middle >= 0 && middle < bytes.length ? middle : undefined;
}
