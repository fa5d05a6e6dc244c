import { subscribe } from 'node:diagnostics_channel';
import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { World } from './world.js';

/** The slabs of the built package, which does not export them. */
const { sharedSlabs }: typeof import('../../src/buffer/slab-pool.js') = await import(
  new URL('shared/slab-pool.js', import.meta.resolve('oss-append-stream')).href
);

/** Resources that the process holds at a quiet point. */
export interface Sample {
  /** Milliseconds since the start. */
  readonly at: number;

  /** Bytes. */
  readonly heapUsed: number;
  readonly rss: number;

  /** Bytes, without those of `slabs`. */
  readonly external: number;
  readonly arrayBuffers: number;

  /** Bytes of slabs kept for reuse: the most that were needed at one time, up to a bound. */
  readonly slabs: number;

  /** Resources that keep the event loop alive, by type. */
  readonly handles: Readonly<Record<string, number>>;

  /** Open connections, also those that do not keep the event loop alive. */
  readonly sockets: number;

  /** Listeners of the shared signal. */
  readonly listeners: number;

  /** Streams and clients that survived garbage collection. */
  readonly streams: number;
  readonly clients: number;
}

/** Every socket that this process opens, while it is open. */
export class OpenSockets {
  readonly #sockets = new Set<Socket>();

  constructor() {
    subscribe('net.client.socket', (message) => {
      const { socket } = message as { socket: Socket };
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get count(): number {
    return this.#sockets.size;
  }
}

/** Collects garbage and counts what is left. */
export async function takeSample(world: World, sockets: OpenSockets): Promise<Sample> {
  for (let times = 0; times < 3; times++) {
    await turn();
    globalThis.gc?.();
  }
  await turn();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  const slabs = sharedSlabs.byteLength;
  return {
    at: performance.now(),
    heapUsed,
    rss,
    slabs,
    external: external - slabs,
    arrayBuffers: arrayBuffers - slabs,
    handles: countHandles(),
    sockets: sockets.count,
    listeners: getEventListeners(world.signal, 'abort').length,
    streams: world.streams.count(),
    clients: world.clients.count(),
  };
}

/** Resources that keep the event loop alive, by type, without transient ones. */
export function countHandles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) {
    if (!isPassing(type)) counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}

/** Whether a resource is transient, such as a closing socket or the turn just awaited. */
function isPassing(type: string): boolean {
  return type === 'CloseReq' || type === 'Immediate';
}
