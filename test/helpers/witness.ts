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

/** What stands in the object before a stream that continues one. */
const before = Buffer.from('before');

type Told = (error?: Error | null) => void;

/** Whoever waits to be told, and how often that happened. */
interface Waiting {
  readonly name: string;
  told: number;
}

/**
 * Lives one script of a stream against an emulator, and notes whatever breaks a promise.
 *
 * It knows what was written, and looks at the object itself at every event.
 */
export class ScriptRunner {
  /** Promises that were broken. */
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

  /** Everything that the stream took, as bytes, and as Node counts it. */
  #written: Buffer = Buffer.alloc(0);
  #units = 0;

  /** Offset of the end of the last write whose callback ran; `Infinity` when one failed. */
  #acknowledged = 0;
  #appendsUnderWay = 0;

  /** What the script did that ends a stream. */
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

  /** Puts the object there that the script continues. */
  static async prepare(script: Script, client: AppendClient, key: string): Promise<void> {
    if (script.continues) await client.appendObject(key, 0, before, { create: {} });
  }

  /** Lives the script to its end. */
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
    // What is due on the next tick, such as the callbacks that Node itself runs.
    await turn();
    await Promise.all(this.#looks);
    if ((await success) !== stream.writableFinished) this.#blame('finished() told otherwise');
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
        // After `end()` it holds back for ever what is in Node's queue, as in any Writable.
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

  /** Notes that `bytes` are about to be written, and returns what their callback has to check. */
  #take(data: string | Uint8Array, bytes: Buffer): Told {
    const { writableEnded, destroyed } = this.#stream;
    if (writableEnded || destroyed) {
      if (writableEnded && !destroyed) this.#wasBroughtDown = true;
      return (error) => {
        if (!error) this.#blame('a write was acknowledged that came after the end');
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
        this.#blame(`the write up to ${end} failed although it had been committed`);
      }
      if (error !== this.#stream.errored && Reflect.get(error, 'code') !== 'ERR_STREAM_DESTROYED') {
        this.#blame(`the write up to ${end} got another error than the stream: ${error.message}`);
      }
      return;
    }
    if (end < this.#acknowledged) this.#blame(`the write up to ${end} was told out of order`);
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
      if (isLate) this.#blame('an append() resolved that came after the end');
      const object = this.#object();
      const look = object.then((content) => {
        if (this.#isTampered || content.subarray(start, end).equals(bytes)) return;
        this.#blame(`append() named ${start} to ${end}, where other bytes are`);
      });
      this.#looks.push(look);
    }, told);
  }

  #flush(hasCallback: boolean): void {
    const end = this.#written.byteLength;
    const told = this.#waitFor('flush', (error) => {
      if (!error) this.#look('flush', end);
    });
    // With a callback nobody looks at the promise, which then must not count as unhandled.
    if (hasCallback) void this.#stream.flush(told);
    else this.#stream.flush().then(() => told(), told);
  }

  #end({ load }: Step & { do: 'end' }): void {
    const stream = this.#stream;
    const check: Told = (error) => {
      if (!error) this.#look('callback of end()', this.#written.byteLength);
    };
    // Node never calls back when the stream had been destroyed without an error.
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

  /** A callback that has to be told once. */
  #waitFor(name: string, check: Told): Told {
    const waiting: Waiting = { name: `${name} #${this.#waiting.length}`, told: 0 };
    this.#waiting.push(waiting);
    return (error) => {
      waiting.told++;
      check(error);
    };
  }

  /** Waits for an event, for as long as a few requests take. */
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

  /** Compares what the stream says with what the object holds at this moment. */
  #look(when: string, acknowledged = 0): void {
    const { bytesWritten, position } = this.#stream;
    const written = this.#written;
    if (bytesWritten < acknowledged) {
      this.#blame(`${when} told of ${acknowledged} bytes when ${bytesWritten} were committed`);
    }
    // The emulator notes the object's length before it does anything else.
    const look = this.#object().then((object) => {
      if (this.#isTampered) return;
      const base = this.#baseOf(position, bytesWritten);
      const committed = object.subarray(base, base + bytesWritten);
      if (!committed.equals(written.subarray(0, bytesWritten))) {
        this.#blame(`at ${when}, ${bytesWritten} bytes at ${base} were not those in the object`);
      }
      const tail = object.subarray(base + bytesWritten);
      if (!this.#hasStranger && !startsWith(written.subarray(bytesWritten), tail)) {
        this.#blame(`at ${when}, the object went on with bytes that were not next`);
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

  /** Waits until nothing of the stream is under way any more. */
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
      if (told !== 1) this.#blame(`${name} was told ${told} times`);
    }
    const ending = [writableFinished ? ['finish'] : [], errored ? ['error'] : [], ['close']].flat();
    if (String(this.#events) !== String(ending)) this.#blame(`it emitted ${this.#events}`);
    if (stream.takeUncommitted() !== undefined) this.#blame('it handed the bytes back twice');
    if (this.#appendsUnderWay !== 0) this.#blame('an append was left under way');

    if (writableFinished) {
      if (uncommitted !== undefined) this.#blame('it finished and handed bytes back');
      if (bytesWritten !== this.#written.byteLength) this.#blame('it finished without all bytes');
      if (writableLength !== 0) this.#blame(`it finished with ${writableLength} bytes to write`);
    } else {
      this.#checkUncommitted(uncommitted, object);
    }
    if (!writableFinished && !this.#wasBroughtDown && !isAppendError(errored)) {
      this.#blame(`it ended with ${errored}`);
    }
    if (this.#mustSurvive && isAppendError(errored)) {
      this.#blame(`it gave up although it need not: ${errored.code}: ${errored.message}`);
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
      this.#blame(`it handed bytes back for ${uncommitted.position} at position ${position}`);
    }
    const code = errored === null ? undefined : Reflect.get(errored, 'code');
    if (code === 'APPEND_ERR_UNCONFIRMED' && confirmed) this.#blame('it was confirmed after all');
    if (code === 'APPEND_ERR_RETRIES_EXHAUSTED' && !confirmed) this.#blame('it was not confirmed');
    if (this.#isTampered) return;
    const next = object[this.#baseOf(position, bytesWritten) + bytesWritten];
    if (confirmed && next === bytes[0]) {
      this.#blame('the bytes are in the object that were confirmed not to be');
    }
  }

  /** What the client sees of the stream: every append is looked at before it leaves. */
  #watched(client: AppendClient): AppendClient {
    const assertOpen = () => {
      if (this.#stream.destroyed) this.#blame('a request was sent after the stream was destroyed');
    };
    return {
      appendObject: async (key, position, body, options) => {
        assertOpen();
        if (this.#appendsUnderWay > 0) this.#blame('two appends were under way at once');
        this.#checkBody(position, Buffer.from(body));
        this.#appendsUnderWay++;
        try {
          return await client.appendObject(key, position, body, options);
        } finally {
          this.#appendsUnderWay--;
        }
      },
      headObject: async (key, options) => {
        // The first request leaves while the stream is being made.
        if (this.#events.length > 0) assertOpen();
        return client.headObject(key, options);
      },
      getObject: (key, options) => client.getObject(key, options),
      sealAppendObject: (key, position, options) => client.sealAppendObject(key, position, options),
      close: async () => this.#blame('the client of another was closed'),
    };
  }

  #checkBody(position: number, body: Buffer): void {
    if (body.byteLength > this.#script.chunkSize) this.#blame('a chunk was too large');
    const { position: confirmed, bytesWritten } = this.#stream;
    if (confirmed === undefined || body.byteLength === 0) return;
    const offset = position - this.#baseOf(confirmed, bytesWritten);
    const expected = this.#written.subarray(offset, offset + body.byteLength);
    if (offset !== bytesWritten || !expected.equals(body)) {
      this.#blame(`an append at ${position} carried bytes of another place`);
    }
  }

  /** The script has somebody take the object away, which nothing of ours survives. */
  get #isTampered(): boolean {
    return this.#script.faults.some(({ kind }) => kind === 'delete' || kind === 'replace');
  }

  get #hasStranger(): boolean {
    return this.#script.faults.some(({ kind }) => kind.startsWith('stranger'));
  }

  get #mustSurvive(): boolean {
    return this.#script.retries === Number.POSITIVE_INFINITY;
  }

  /** Where the first byte of the stream lies in the object. */
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
