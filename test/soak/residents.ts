import { setTimeout as wait } from 'node:timers/promises';
import { patientSettings, type StreamSettings } from './stream-options.js';
import type { World } from './world.js';
import { Writer } from './writer.js';

const kibibyte = 1024;

/** Streams that exist for the whole run: some are written to all the time, others wait. */
export class Residents {
  /** Written to while there is traffic. */
  readonly #trickles: readonly Writer[];

  /** Never written to. */
  readonly #idle: readonly Writer[];

  /** Written to once; two of them keep a timer for a flush that is far away. */
  readonly #waiting: readonly Writer[];
  readonly #world: World;

  constructor(world: World) {
    const { connection, sharedClient: client, signal } = world;
    const own = connection;
    this.#world = world;
    this.#trickles = [
      this.#open('trickle', { client, signal, chunkSize: 4 * kibibyte, flushInterval: 20 }),
      this.#open('trickle', { client, signal, chunkSize: 64 * kibibyte, flushInterval: 1000 }),
      this.#open('trickle', { client, signal: undefined, chunkSize: kibibyte, flushInterval: 0 }),
      this.#open('trickle', { ...own, signal, chunkSize: kibibyte, flushInterval: 100 }),
      this.#open('trickle', { ...own, signal: undefined }),
    ];
    this.#idle = [
      this.#open('idle', { client, signal }),
      this.#open('idle', { ...own, signal: undefined }),
    ];
    this.#waiting = [
      this.#open('waiting', { client, signal, flushInterval: 2 ** 31 - 1 }),
      this.#open('waiting', { client, signal: undefined, flushInterval: 2 ** 31 - 1 }),
      this.#open('waiting', { client, signal, flushInterval: Number.POSITIVE_INFINITY }),
    ];
    for (const writer of this.#waiting) writer.write(100);
  }

  /** Number of streams, of listeners to the shared signal, and of timers. */
  readonly count = { streams: 10, listeners: 6, timers: 2 };

  get #all(): readonly Writer[] {
    return [...this.#trickles, ...this.#idle, ...this.#waiting];
  }

  /** Writes lines for `duration` milliseconds. Everything written is committed afterwards. */
  async trickle(duration: number): Promise<void> {
    const end = performance.now() + duration;
    await Promise.all(this.#trickles.map((writer) => this.#writeLines(writer, end)));
  }

  /** Ends all streams and verifies their objects. */
  async end(): Promise<void> {
    for (const { stream } of this.#all) stream.end();
    await Promise.all(this.#all.map((writer) => writer.verify()));
  }

  async #writeLines(writer: Writer, end: number): Promise<void> {
    const { random } = this.#world;
    while (performance.now() < end) {
      writer.write(random.integer(1, 400));
      if (random.chance(0.05)) await writer.flush();
      await wait(random.integer(1, 20));
    }
    await writer.flush();
    await writer.verifyFlushed();
  }

  #open(usage: string, settings: StreamSettings): Writer {
    return new Writer(this.#world, usage, { ...patientSettings(this.#world), ...settings });
  }
}
