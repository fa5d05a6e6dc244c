import { addAbortSignal } from 'node:stream';
import { type InspectOptions, inspect } from 'node:util';
import { loadCrc64 } from '../crc64.js';
import { OssClient } from '../oss/oss-client.js';
import { nodeTimers } from '../timers/node-timers.js';
import { EventedReadable } from './evented-readable.js';
import { followObject, type ReadItem } from './follow/follow-object.js';
import { ObjectTail } from './follow/object-tail.js';
import { PollSchedule } from './follow/poll-schedule.js';
import { SeriesFollower } from './follow/series-follower.js';
import { ReadRequests } from './read-requests.js';
import type { AppendReadableOptions, ReadPosition } from './readable-options.js';
import {
  type ObjectRange,
  type ObjectsInTurn,
  resolveReadableOptions,
} from './resolve-readable-options.js';
import { Stretches } from './stretches.js';

/**
 * Reads an object that somebody appends to: to its end, or following it as `tail -f` follows a file.
 * With `rollover` it goes on from one object to the next.
 *
 * Each poll asks for length and CRC-64 of the object. Both come from one moment, so what is new is
 * proved: up to 16 MiB before it is passed on; a longer stretch is passed on as it comes, and proved at
 * its end. If the object was truncated, replaced or rewritten, the stream fails with
 * {@link DivergedError}. A `start` other than 0 leaves the beginning unknown: then the proof begins
 * with what is appended after the first poll. A store without checksums lets the stream compare
 * lengths only.
 *
 * @example Follow a log
 * ```ts
 * const log = new AppendReadable({ region: 'cn-hangzhou', bucket: 'logs', key: 'app.log', follow: true });
 * for await (const bytes of log) process.stdout.write(bytes);
 * ```
 */
export class AppendReadable extends EventedReadable {
  readonly #abort = new AbortController();
  readonly #items: AsyncGenerator<ReadItem>;
  readonly #schedule: PollSchedule | undefined;

  /** The client, if it was created for this stream alone. */
  readonly #ownClient: OssClient | undefined;

  readonly #stretches: Stretches;

  /** Bytes that the consumer took, as far as an encoding lets it be known. */
  #taken = 0;

  /** Whether somebody has asked for more since the last bytes were passed on. */
  #isAskedFor = true;

  /**
   * @param act The action that fails, for messages.
   * @throws {TypeError} If an option is of the wrong type or shape.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: AppendReadableOptions, act = 'create AppendReadable') {
    const resolved = resolveReadableOptions(options, act);
    const { client, ...requests } = resolved.requests;
    super(resolved.readable);
    this.#stretches = new Stretches(beginningOf(resolved.source, options.key));
    this.#ownClient = 'given' in client ? undefined : new OssClient(client.options, act);
    const { signal } = this.#abort;
    const isWanted = () => !this.isPaused() || this.listenerCount('readable') > 0;
    this.#schedule = resolved.follow && new PollSchedule({ ...resolved.follow, signal, isWanted });
    if (this.#schedule !== undefined) this.#lookAtListeners(this.#schedule);
    const used = 'given' in client ? client.given : (this.#ownClient as OssClient);
    this.#items = this.#follow(
      resolved.source,
      new ReadRequests({
        ...requests,
        client: used,
        signal,
        onRetry: (notice) => nodeTimers.nextTick(() => this.emit('retry', notice)),
      }),
    );
    // Last, because an aborted signal destroys the stream at once.
    if (resolved.signal !== undefined) addAbortSignal(resolved.signal, this);
  }

  /** Key of the object that is read; with `rollover` the template until one was found. */
  get key(): string {
    return this.#stretches.placeAfter(this.#countTaken()).key;
  }

  /**
   * Position in the object `key` after the last byte that was taken from the stream, to go on there
   * with `start` another time. Without `encoding`, which hides how many bytes were taken.
   */
  get position(): number {
    return this.#stretches.placeAfter(this.#countTaken()).position;
  }

  /** Bytes read from all objects. */
  get bytesRead(): number {
    return this.#stretches.passedOn;
  }

  /**
   * Reads from the buffer, as Node's `read()` does. Without `size` it returns bytes of one object; with
   * `size` they may be of two, where one ends and the next begins.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as in Node's types
  override read(size?: number): any {
    // Node itself asks for 0 bytes, to fill the buffer.
    if (size === 0) return super.read(0);
    this.#isAskedFor ||= this.readableLength === 0;
    this.#tell(true);
    this.#schedule?.look();
    const isLimited = size === undefined && this.#lengthOfStretch() < this.readableLength;
    const bytes = super.read(isLimited ? this.#lengthOfStretch() : size);
    if (isLimited) nodeTimers.nextTick(() => this.#tellRest());
    if (size !== undefined) nodeTimers.nextTick(() => this.#tell(false));
    return bytes;
  }

  override pause(): this {
    super.pause();
    this.#schedule?.look();
    return this;
  }

  override _read(): void {
    void this.#pull();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abort.abort(error ?? undefined);
    this.#items.return(undefined).catch(() => {});
    void this.#ownClient?.close();
    callback(error);
  }

  /** Shows the state of the stream, without any data. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const { key, position, bytesRead, readableLength, destroyed, errored } = this;
    return `AppendReadable ${inspect({ key, position, bytesRead, readableLength, destroyed, errored }, options)}`;
  }

  async *#follow(
    source: ObjectRange | ObjectsInTurn,
    requests: ReadRequests,
  ): AsyncGenerator<ReadItem> {
    const checksum = await loadCrc64();
    const schedule = this.#schedule;
    if ('series' in source) {
      yield* new SeriesFollower({ ...source, requests, schedule, tail: { checksum } }).items();
    } else {
      const { key, ...range } = source;
      // What was read before existed: a reader that goes on must not wait for another object.
      const exists = schedule !== undefined && (range.start ?? 0) > 0;
      const tail = new ObjectTail(key, requests, { checksum, exists, ...range });
      yield* followObject(tail, schedule);
    }
  }

  /** A stream that was paused is read again when somebody listens to `'readable'`. */
  #lookAtListeners(schedule: PollSchedule): void {
    this.on('newListener', (event: string | symbol) => {
      if (event === 'readable') nodeTimers.nextTick(() => schedule.look());
    });
  }

  /** Takes the next item, and passes it on. */
  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#items.next();
      if (this.destroyed) return;
      if (done === true) {
        this.push(null);
      } else if ('bytes' in value) {
        this.#stretches.add(value);
        this.#isAskedFor = false;
        this.push(value.bytes);
      } else {
        this.#stretches.goOn(value);
        // Listeners of 'data' are through with what they got; others say so by asking for more.
        const isThrough = this.readableFlowing === true || this.#isAskedFor;
        // An error of a listener is the application's, not one of the stream.
        nodeTimers.nextTick(() => {
          void this.#pull();
          this.#tell(isThrough);
        });
      }
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** Emits `'rollover'` for the objects that the consumer has reached. */
  #tell(isThrough: boolean): void {
    for (const event of this.#stretches.reach(this.#countTaken(), isThrough)) {
      this.emit('rollover', event);
    }
  }

  #countTaken(): number {
    const { readableLength } = this;
    const { passedOn } = this.#stretches;
    // With an encoding the length is one of characters.
    if (readableLength === 0 || this.readableEncoding === null)
      this.#taken = passedOn - readableLength;
    return this.#taken;
  }

  /** Bytes in the buffer up to those of another object, if there are any. */
  #lengthOfStretch(): number {
    // Node divides what flows by itself, and characters cannot be divided by bytes.
    const isDivisible = this.readableFlowing !== true && this.readableEncoding === null;
    if (!isDivisible) return Number.POSITIVE_INFINITY;
    const taken = this.#countTaken();
    return this.#stretches.endOf(taken) - taken;
  }

  /** Tells that bytes are left. Node expects that a `read()` without a size leaves none. */
  #tellRest(): void {
    const isWaiting = this.readableLength > 0 && this.readableFlowing !== true;
    if (isWaiting && !this.destroyed) this.emit('readable');
  }
}

/** Where reading begins, as far as it is known: with a template perhaps in an object to be found. */
function beginningOf(source: ObjectRange | ObjectsInTurn, key: string): ReadPosition {
  const { start } = source;
  if ('series' in source && typeof start === 'object') {
    return { key: source.series.keyOf(start.place), position: start.position };
  }
  return { key, position: typeof start === 'number' ? start : 0 };
}
