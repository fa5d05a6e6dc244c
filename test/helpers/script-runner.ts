import { finished } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { Emulator } from '../../src/emulator/index.js';
import {
  type AppendClient,
  AppendWritable,
  isAppendError,
  type UncommittedBytes,
} from '../../src/index.js';
import { LoadMaker, type Script, type Step } from './interleaving-script.js';

const bucket = 'examplebucket';

/** Content of an object that a stream continues. */
const before = Buffer.from('before');

type Told = (error?: Error | null) => void;

/** A callback, and how often it has run. */
interface Waiting {
  readonly name: string;
  told: number;
}

/**
 * Runs one script of a stream against an emulator, and records every broken promise.
 *
 * It knows what was written, and compares it with the object at every event.
 */
export class ScriptRunner {
  /** Broken promises. */
  readonly problems: string[] = [];
  readonly #script: Script;
  readonly #emulator: Emulator;
  readonly #client: AppendClient;
  readonly #key: string;
  readonly #stream: AppendWritable;
  readonly #maker: LoadMaker;
  readonly #events: string[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #looks: Promise<void>[] = [];

  /** Everything written to the stream, in bytes, and in the units that Node counts. */
  #written: Buffer = Buffer.alloc(0);
  #units = 0;

  /** Offset of the end of the last write whose callback ran; `Infinity` when one failed. */
  #acknowledged = 0;
  #appendsUnderWay = 0;

  /** Whether the script did something that ends a stream. */
  #wasBroughtDown = false;

  constructor(
    script: Script,
    { emulator, client, key }: { emulator: Emulator; client: AppendClient; key: string },
  ) {
    this.#script = script;
    this.#emulator = emulator;
    this.#client = client;
    this.#key = key;
    this.#maker = new LoadMaker(script.chunkSize);
    this.#stream = new AppendWritable({
      key,
      client: this.#watched(client),
      verify: script.verify,
      chunkSize: script.chunkSize,
      highWaterMark: script.chunksOfBound * script.chunkSize,
      flushInterval: script.flushInterval,
      requestTimeout: 60,
      retry: { retries: script.retries, minTimeout: 0, maxTimeout: 0 },
    });
    for (const event of ['ready', 'commit', 'retry', 'reconcile', 'drain', 'finish']) {
      this.#stream.on(event, () => this.#look(event));
    }
    for (const event of ['error', 'finish', 'close']) {
      this.#stream.on(event, () => this.#events.push(event));
    }
  }

  /** Creates the object that the script continues. */
  static async prepare(script: Script, client: AppendClient, key: string): Promise<void> {
    if (script.continues) await client.appendObject(key, 0, before, { create: {} });
  }

  /** Runs the script to its end. */
  async live(): Promise<void> {
    const stream = this.#stream;
    const closed = new Promise<void>((resolve) => stream.once('close', resolve));
    const success = finished(stream).then(
      () => true,
      () => false,
    );
    for (const step of this.#script.steps) {
      await this.#do(step);
      this.#checkBounds();
    }
    if (!stream.writableEnded && !stream.destroyed) stream.end();
    await this.#within(closed);
    // Lets callbacks run that are due in the next turn, such as those of Node itself.
    await turn();
    await Promise.all(this.#looks);
    if ((await success) !== stream.writableFinished)
      this.#blame('finished() and writableFinished disagree');
    await this.#afterwards();
    this.#checkEnd(await this.#object());
  }

  async #do(step: Step): Promise<void> {
    const stream = this.#stream;
    switch (step.do) {
      case 'write': {
        const { data, encoding, bytes } = this.#maker.make(step.load);
        const callback = this.#take(data, bytes);
        if (step.hasCallback) stream.write(data, encoding, this.#waitFor('write', callback));
        else stream.write(data, encoding);
        return;
      }
      case 'append':
        this.#append(step);
        return;
      case 'cork':
        // After `end()` it would hold back Node's queue for ever, as in any Writable.
        if (!stream.writableEnded) stream.cork();
        return;
      case 'uncork':
        stream.uncork();
        return;
      case 'flush':
        this.#flush(step.hasCallback);
        return;
      case 'end':
        this.#end(step);
        return;
      case 'destroy':
        this.#wasBroughtDown ||= !stream.destroyed;
        stream.destroy(step.error);
        return;
      case 'wait':
        await this.#happens(step.until);
        return;
      default:
        step satisfies never;
    }
  }

  /** Records the `bytes` of a write, and returns the check for its callback. */
  #take(data: string | Uint8Array, bytes: Buffer): Told {
    const { writableEnded, destroyed } = this.#stream;
    if (writableEnded || destroyed) {
      if (writableEnded && !destroyed) this.#wasBroughtDown = true;
      return (error) => {
        if (!error) this.#blame('a write after the end was acknowledged');
      };
    }
    this.#written = Buffer.concat([this.#written, bytes]);
    this.#units += Math.max(data.length, bytes.byteLength);
    const end = this.#written.byteLength;
    return (error) => this.#acknowledge(bytes, end, error);
  }

  #acknowledge(bytes: Buffer, end: number, error: Error | null | undefined): void {
    if (error) {
      this.#acknowledged = Number.POSITIVE_INFINITY;
      if (bytes.byteLength > 0 && end <= this.#stream.bytesWritten) {
        this.#blame(`the write up to ${end} failed although it was committed`);
      }
      if (error !== this.#stream.errored && Reflect.get(error, 'code') !== 'ERR_STREAM_DESTROYED') {
        this.#blame(`the write up to ${end} got another error than the stream: ${error.message}`);
      }
      return;
    }
    if (end < this.#acknowledged)
      this.#blame(`the callback of the write up to ${end} ran out of order`);
    this.#acknowledged = end;
    this.#look('callback', end);
  }

  #append({ load }: Step & { do: 'append' }): void {
    const { data, encoding, bytes } = this.#maker.make(load);
    const isLate = this.#stream.writableEnded || this.#stream.destroyed;
    const told = this.#waitFor('append', () => {});
    if (!isLate) this.#take(data, bytes);
    else if (!this.#stream.destroyed) this.#wasBroughtDown = true;
    this.#stream.append(data as string, encoding).then(({ start, end }) => {
      told();
      if (isLate) this.#blame('an append() after the end resolved');
      const object = this.#object();
      const look = object.then((content) => {
        if (this.#isTampered || content.subarray(start, end).equals(bytes)) return;
        this.#blame(`append() resolved with ${start} to ${end}, where the object has other bytes`);
      });
      this.#looks.push(look);
    }, told);
  }

  #flush(hasCallback: boolean): void {
    const end = this.#written.byteLength;
    const told = this.#waitFor('flush', (error) => {
      if (!error) this.#look('flush', end);
    });
    // With a callback the promise is ignored: it must not cause an unhandled rejection.
    if (hasCallback) void this.#stream.flush(told);
    else this.#stream.flush().then(() => told(), told);
  }

  #end({ load }: Step & { do: 'end' }): void {
    const stream = this.#stream;
    const check: Told = (error) => {
      if (!error) this.#look('callback of end()', this.#written.byteLength);
    };
    // Node never runs the callback if the stream was destroyed without an error before.
    const isForgotten = stream.destroyed && !stream.errored && !stream.writableEnded;
    const told = isForgotten ? check : this.#waitFor('end', check);
    if (load === undefined) {
      stream.end(told);
      return;
    }
    const { data, encoding, bytes } = this.#maker.make(load);
    this.#take(data, bytes);
    stream.end(data, encoding, told);
  }

  /** A callback that must run exactly once. */
  #waitFor(name: string, check: Told): Told {
    const waiting: Waiting = { name: `${name} #${this.#waiting.length}`, told: 0 };
    this.#waiting.push(waiting);
    return (error) => {
      waiting.told++;
      check(error);
    };
  }

  /** Waits for an event, at most for the time of a few requests. */
  async #happens(event: string): Promise<void> {
    let hasHappened = event === 'turn';
    const note = () => {
      hasHappened = true;
    };
    this.#stream.once(event, note);
    for (let turns = 0; turns < 200; turns++) {
      await turn();
      if (hasHappened || this.#stream.closed) break;
    }
    this.#stream.off(event, note);
  }

  /** Compares the stream's figures with the object at this moment. */
  #look(when: string, acknowledged = 0): void {
    const { bytesWritten, position } = this.#stream;
    const written = this.#written;
    if (bytesWritten < acknowledged) {
      this.#blame(`${when} acknowledged ${acknowledged} bytes when ${bytesWritten} were committed`);
    }
    // `read()` takes the object's length before anything else can change it.
    const look = this.#object().then((object) => {
      if (this.#isTampered) return;
      const base = this.#baseOf(position, bytesWritten);
      const committed = object.subarray(base, base + bytesWritten);
      if (!committed.equals(written.subarray(0, bytesWritten))) {
        this.#blame(`at ${when}, ${bytesWritten} bytes at ${base} were not those in the object`);
      }
      const tail = object.subarray(base + bytesWritten);
      if (!this.#hasStranger && !startsWith(written.subarray(bytesWritten), tail)) {
        this.#blame(`at ${when}, the object continued with bytes other than the next ones`);
      }
    });
    this.#looks.push(look);
  }

  #checkBounds(): void {
    const { destroyed, stats, writableLength } = this.#stream;
    const { bytesAccepted, bytesCommitted } = stats;
    if (bytesAccepted - bytesCommitted > 2 * this.#script.chunkSize) {
      this.#blame(`${bytesAccepted - bytesCommitted} bytes accepted and not committed`);
    }
    if (!destroyed && writableLength > this.#units - bytesCommitted) {
      this.#blame(`writableLength ${writableLength} with ${this.#units} written`);
    }
  }

  /** Waits until no request of the stream is in flight. */
  async #afterwards(): Promise<void> {
    const lateKinds = this.#script.faults.filter(({ kind }) => /delay|late/.test(kind));
    const delays = lateKinds.map(({ delay = 0 }) => delay);
    if (delays.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(...delays) + 2));
    }
    this.#emulator.faults.clear();
    await this.#client.headObject('none');
  }

  #checkEnd(object: Buffer): void {
    const stream = this.#stream;
    const uncommitted = stream.takeUncommitted();
    const { bytesWritten, errored, writableFinished, writableLength } = stream;
    for (const { name, told } of this.#waiting) {
      if (told !== 1) this.#blame(`${name} ran its callback ${told} times`);
    }
    const ending = [writableFinished ? ['finish'] : [], errored ? ['error'] : [], ['close']].flat();
    if (String(this.#events) !== String(ending)) this.#blame(`it emitted ${this.#events}`);
    if (stream.takeUncommitted() !== undefined) this.#blame('it handed the bytes back twice');
    if (this.#appendsUnderWay !== 0) this.#blame('an append was left in flight');

    if (writableFinished) {
      if (uncommitted !== undefined) this.#blame('it finished and handed bytes back');
      if (bytesWritten !== this.#written.byteLength) this.#blame('it finished without all bytes');
      if (writableLength !== 0) this.#blame(`it finished with ${writableLength} bytes to write`);
    } else {
      this.#checkUncommitted(uncommitted, object);
    }
    if (!writableFinished && !this.#wasBroughtDown && !isAppendError(errored)) {
      this.#blame(`it ended with an unknown error: ${errored}`);
    }
    if (this.#mustSurvive && isAppendError(errored)) {
      this.#blame(`it gave up in spite of its retries: ${errored.code}: ${errored.message}`);
    }
    if (isAppendError(errored) && errored.bytesWritten !== bytesWritten) {
      this.#blame(`its error says that ${errored.bytesWritten} bytes are committed`);
    }
  }

  #checkUncommitted(uncommitted: UncommittedBytes | undefined, object: Buffer): void {
    const { bytesWritten, position, errored } = this.#stream;
    const rest = this.#written.subarray(bytesWritten);
    const { bytes = Buffer.alloc(0), confirmed = true } = uncommitted ?? {};
    if (!bytes.equals(rest)) {
      this.#blame(`it handed back ${bytes.toString('hex')} instead of ${rest.toString('hex')}`);
    }
    if (uncommitted === undefined) return;
    if (uncommitted.position !== position) {
      this.#blame(
        `it handed bytes back for position ${uncommitted.position} instead of ${position}`,
      );
    }
    const code = errored === null ? undefined : Reflect.get(errored, 'code');
    if (code === 'APPEND_ERR_UNCONFIRMED' && confirmed)
      this.#blame('an unconfirmed chunk was handed back as confirmed');
    if (code === 'APPEND_ERR_RETRIES_EXHAUSTED' && !confirmed)
      this.#blame('a chunk that is not stored was handed back as unconfirmed');
    if (this.#isTampered) return;
    const next = object[this.#baseOf(position, bytesWritten) + bytesWritten];
    if (confirmed && next === bytes[0]) {
      this.#blame('the object contains the bytes that were confirmed as not stored');
    }
  }

  /** A client that checks every request of the stream before passing it to `client`. */
  #watched(client: AppendClient): AppendClient {
    const assertOpen = () => {
      if (this.#stream.destroyed) this.#blame('a request was sent after the stream was destroyed');
    };
    return {
      appendObject: async (key, position, body, options) => {
        assertOpen();
        if (this.#appendsUnderWay > 0) this.#blame('two appends were in flight at once');
        this.#checkBody(position, Buffer.from(body));
        this.#appendsUnderWay++;
        try {
          return await client.appendObject(key, position, body, options);
        } finally {
          this.#appendsUnderWay--;
        }
      },
      headObject: async (key, options) => {
        // The constructor sends the first request, before `#stream` is set.
        if (this.#events.length > 0) assertOpen();
        return client.headObject(key, options);
      },
      getObject: (key, options) => client.getObject(key, options),
      sealAppendObject: (key, position, options) => client.sealAppendObject(key, position, options),
      close: async () => this.#blame('the stream closed a client that it does not own'),
    };
  }

  #checkBody(position: number, body: Buffer): void {
    if (body.byteLength > this.#script.chunkSize) this.#blame('a chunk was too large');
    const { position: confirmed, bytesWritten } = this.#stream;
    if (confirmed === undefined || body.byteLength === 0) return;
    const offset = position - this.#baseOf(confirmed, bytesWritten);
    const expected = this.#written.subarray(offset, offset + body.byteLength);
    if (offset !== bytesWritten || !expected.equals(body)) {
      this.#blame(`an append at ${position} carried bytes of another position`);
    }
  }

  /** Whether the script deletes or replaces the object, after which it proves nothing. */
  get #isTampered(): boolean {
    return this.#script.faults.some(({ kind }) => kind === 'delete' || kind === 'replace');
  }

  get #hasStranger(): boolean {
    return this.#script.faults.some(({ kind }) => kind.startsWith('stranger'));
  }

  get #mustSurvive(): boolean {
    return this.#script.retries === Number.POSITIVE_INFINITY;
  }

  /** Position of the stream's first byte in the object. */
  #baseOf(position: number | undefined, bytesWritten: number): number {
    if (position !== undefined) return position - bytesWritten;
    return this.#script.continues ? before.byteLength : 0;
  }

  #object(): Promise<Buffer> {
    return this.#emulator.read(bucket, this.#key).catch(() => Buffer.alloc(0));
  }

  async #within(closed: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#stream.destroy();
        const stats = JSON.stringify(this.#stream.stats);
        reject(new Error(`The stream did not end within 10 s: ${stats}; ${this.problems}`));
      }, 10_000);
    });
    try {
      await Promise.race([closed, tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  #blame(problem: string): void {
    this.problems.push(problem);
  }
}

function startsWith(whole: Buffer, start: Buffer): boolean {
  return whole.subarray(0, start.byteLength).equals(start);
}
