import type { Readable } from 'node:stream';
import type {
  AppendClient,
  AppendObjectOptions,
  AppendReceipt,
  CopiedCreation,
  GetObjectOptions,
  ObjectState,
  RequestOptions,
} from '../../src/append/append-client.js';
import { NotAppendableError } from '../../src/errors.js';
import { failure, ScriptedFailure } from '../append/scripted-client.js';
import type { AppendFate, GetFate, HeadFate } from './adversary.js';
import { download } from './download.js';
import type { Exchange } from './exchange.js';
import type { Ledger } from './ledger.js';
import { describe, type Incarnation, type ObjectHistory, type Origin } from './object-history.js';
import { Parcel } from './parcel.js';
import { SentAppends } from './sent-appends.js';
import type { World } from './world.js';

/** An append in flight. */
interface Appending {
  readonly exchange: Exchange<AppendFate>;
  readonly history: ObjectHistory;
  readonly position: number;
  readonly parcel: Parcel;
  readonly create: CopiedCreation | undefined;
  readonly origin: Origin;
}

/** An append of bytes that was applied. */
export interface Landing {
  readonly key: string;
  readonly position: number;

  /** Its number among all appends of bytes to the store. */
  readonly number: number;

  /** How often strangers had removed the object before. */
  readonly removals: number;

  /** Number of the object, and of the one that its stream began to append to. */
  readonly object: number;
  readonly expected: number | undefined;

  /** Offsets in the source. */
  readonly start: number;
  readonly end: number;
}

/** A store's answer to an append, and the number of the state that it describes. */
interface Answer {
  readonly receipt?: AppendReceipt;
  readonly refusal?: ScriptedFailure | NotAppendableError;
  readonly about: number;
}

/** The client of one stream: a store behind a bad network, in virtual time. */
export class SimulatedClient implements AppendClient {
  /** Offset in the source of the next byte that the stream sends. */
  offset: () => number = () => 0;

  /** Called within each request, as a credentials provider is. */
  onRequest: () => void = () => {};

  /** Called with each append of bytes, before it is sent. */
  onAppend: (body: Uint8Array, key: string, position: number) => void = () => {};

  /** Requests whose caller still waits. */
  inFlight = 0;

  /** All appends of bytes that were applied, in order. */
  readonly landings: Landing[] = [];

  /** Chunks that the store refused because of their position. */
  conflicts = 0;

  /** Other such refusals: of appends of nothing, which may be chunks, and of those given up just then. */
  unsureConflicts = 0;

  readonly sent: SentAppends;

  /** The memory of the bodies. */
  readonly memory = new Set<ArrayBufferLike>();

  /** Number of bodies that a client kept by ignoring its signal. */
  kept = 0;

  readonly #world: World;

  readonly #ledger: Ledger;

  /** Numbers of the objects that the stream has seen, until it appends to them. */
  readonly #objects = new Map<string, number | undefined>();

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
    this.sent = new SentAppends(world.isRebasing, (it) => world.chronicle.blame(it));
  }

  async appendObject(
    key: string,
    position: number,
    body: Uint8Array,
    { signal, create }: AppendObjectOptions = {},
  ): Promise<AppendReceipt> {
    this.onRequest();
    const { network, adversary, store } = this.#world;
    const exchange = network.begin<AppendFate>('append', adversary.appends, () => {
      return `append ${position}+${body.length} to ${key}`;
    });
    const parcel = new Parcel(body);
    const history = store.history(key);
    const origin = this.#originOf(history, body);
    const appending = { exchange, history, position, parcel, create, origin };
    const append = () => {
      return this.#exchange(exchange, signal, () => this.#append(appending), parcel);
    };
    return body.length === 0 ? this.#probe(key, append) : this.#send(appending, body, append);
  }

  async headObject(key: string, { signal }: RequestOptions = {}): Promise<ObjectState | undefined> {
    this.onRequest();
    const { network, adversary, store } = this.#world;
    const exchange = network.begin<HeadFate>('head', adversary.heads, () => `HEAD ${key}`);
    const history = store.history(key);
    const state = await this.#exchange(exchange, signal, () => this.#head(exchange, history));
    if (exchange.fate !== 'garbled' || state === undefined) this.sent.see(key, state);
    return state;
  }

  async getObject(
    key: string,
    { start = 0, end, signal }: GetObjectOptions = {},
  ): Promise<Readable> {
    this.onRequest();
    const { network, adversary, store } = this.#world;
    const exchange = network.begin<GetFate>('get', adversary.gets, () => {
      return `GET ${start}-${end} of ${key}`;
    });
    const get = () => this.#get(exchange, store.history(key), { start, end });
    return this.#exchange(exchange, signal, get);
  }

  async sealAppendObject(
    key: string,
    position: number,
    { signal }: RequestOptions = {},
  ): Promise<void> {
    this.onRequest();
    const { network, adversary, store } = this.#world;
    const history = store.history(key);
    history.mayBeSealed = true;
    const exchange = network.begin<HeadFate>('seal', adversary.heads, () => {
      return `seal ${key} at ${position}`;
    });
    return this.#exchange(exchange, signal, () => this.#seal(exchange, history, position));
  }

  async close(): Promise<void> {
    this.#world.chronicle.blame('the stream closed a client that it does not own');
  }

  async #exchange<T>(
    exchange: Exchange,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    parcel?: Parcel,
  ): Promise<T> {
    let isWaiting = true;
    const leave = () => {
      if (isWaiting) this.inFlight--;
      isWaiting = false;
    };
    this.inFlight++;
    try {
      return await exchange.run(signal, work, () => {
        leave();
        if (!exchange.isDeaf) return parcel?.settle();
        this.#world.chronicle.count('network', 'deaf');
        if (parcel !== undefined) this.kept++;
      });
    } finally {
      leave();
      parcel?.settle();
    }
  }

  /** Bytes of the stream are on their way. */
  async #send(
    { exchange, position, history: { key } }: Appending,
    body: Uint8Array,
    append: () => Promise<AppendReceipt>,
  ): Promise<AppendReceipt> {
    const sent = this.sent.send(key, position, this.offset());
    this.onAppend(body, key, position);
    this.memory.add(body.buffer);
    try {
      const receipt = await append();
      if (exchange.fate !== 'garbled')
        this.sent.see(key, { length: receipt.nextPosition, sealed: false });
      return receipt;
    } catch (error) {
      this.sent.failed(sent, error);
      const isConflict = (error as Partial<ScriptedFailure>).outcome === 'conflict';
      if (isConflict && exchange.isAborted) this.unsureConflicts++;
      else if (isConflict) this.conflicts++;
      throw error;
    }
  }

  /** An append of nothing asks where the object ends. */
  async #probe(key: string, append: () => Promise<AppendReceipt>): Promise<AppendReceipt> {
    try {
      const receipt = await append();
      this.sent.see(key, { length: receipt.nextPosition, sealed: false });
      return receipt;
    } catch (error) {
      const { outcome, actualLength: length } = error as ScriptedFailure;
      if (outcome === 'conflict') this.unsureConflicts++;
      if (outcome === 'conflict' && length !== undefined)
        this.sent.see(key, { length, sealed: false });
      throw error;
    }
  }

  #originOf({ key, current, removals }: ObjectHistory, body: Uint8Array): Origin {
    if (!this.#objects.has(key)) this.#objects.set(key, current?.number);
    return {
      ledger: this.#ledger,
      offset: this.offset(),
      mayBeEmpty: body.length > 0 || this.sent.hasSent(key, 0),
      object: this.#objects.get(key),
      isRebasing: this.#world.isRebasing,
      removals,
    };
  }

  /** An answer tells of the object in the state with this number. */
  #meet(history: ObjectHistory, about: number): void {
    const hasBegun = this.sent.runs.some(({ key }) => key === history.key);
    if (!hasBegun) this.#objects.set(history.key, history.at(about)?.number);
  }

  async #append(appending: Appending): Promise<AppendReceipt> {
    const { exchange, history, position, parcel } = appending;
    const { random } = exchange;
    const isEarly = exchange.fate === 'slow' && random.chance(0.5);
    await exchange.pause(exchange.fate === 'slow' && !isEarly ? 10_000 : 30);
    switch (exchange.fate) {
      case 'request-lost':
        return exchange.lose();
      case 'answer-lost':
        this.#land(appending);
        return exchange.lose();
      case 'applied-in-part':
        this.#land(appending, random.integer(0, parcel.length));
        return exchange.lose();
      case 'applied-late':
        exchange.later(() => this.#land(appending));
        return exchange.lose();
      case 'failed-after': {
        const { about } = this.#land(appending);
        await exchange.pause(30);
        return this.#answer(appending, { about, refusal: failure.answered() });
      }
      case 'failed-before':
        throw failure.answered();
      case 'throttled':
        throw failure.rejected();
      case 'refused':
        throw failure.fatal();
      case 'forbidden':
        throw failure.forbidden();
      case 'early-conflict':
        throw failure.conflict(history.length);
      case 'sent-twice':
        // A proxy that got no answer sends the request again.
        this.#land(appending);
        await exchange.pause(30);
        break;
      default:
    }
    const answer = this.#land(appending);
    // The network delivers the stored append a second time, unknown to its caller.
    if (exchange.fate === 'echoed' && answer.receipt) exchange.later(() => this.#land(appending));
    await exchange.pause(isEarly ? 10_000 : 30);
    const receipt = this.#answer(appending, answer);
    switch (exchange.fate) {
      case 'garbled':
        return { ...receipt, nextPosition: random.pick([Number.NaN, position - 1]) };
      case 'without-crc':
        return { nextPosition: receipt.nextPosition };
      case 'wrong-crc':
        return { ...receipt, crc64: 1n };
      default:
        return receipt;
    }
  }

  /** Delivers the append, or a part of it, to the store. */
  #land(appending: Appending, length?: number): Answer {
    const { exchange, history, position, parcel, create, origin } = appending;
    const { store, chronicle } = this.#world;
    const { key } = history;
    const body = parcel.read(length);
    const tell = (what: string) => {
      const isLate = exchange.isAborted ? ', after its caller gave up' : '';
      chronicle.tell(`request ${exchange.number}`, () => `${what}${isLate}`);
    };
    try {
      const receipt = store.append({ key, position, body, create, origin });
      const object = history.current?.number ?? 0;
      if (body.length > 0) {
        const { offset: start, object: expected } = origin;
        const end = start + body.length;
        const { appends: number } = store;
        const { removals } = history;
        this.landings.push({ key, position, number, removals, object, expected, start, end });
      }
      tell(`applied: ${key} has ${history.length} bytes`);
      return { receipt, about: history.now };
    } catch (error) {
      if (!(error instanceof ScriptedFailure || error instanceof NotAppendableError)) throw error;
      tell(`not applied: ${error.outcome}`);
      return { refusal: error, about: history.now };
    }
  }

  /** Delivers the answer. */
  #answer(appending: Appending, { receipt, refusal, about }: Answer): AppendReceipt {
    const { exchange, history } = appending;
    const isUnclear = receipt ? exchange.fate === 'garbled' : exchange.fate === 'sent-twice';
    if (exchange.isAwaited && !isUnclear) history.reveal(about);
    if (exchange.isAwaited && appending.parcel.length === 0) this.#meet(history, about);
    if (receipt !== undefined) {
      return this.#isMute() ? { nextPosition: receipt.nextPosition } : receipt;
    }
    if (refusal?.outcome === 'conflict' && exchange.fate === 'without-length') {
      throw failure.conflict();
    }
    throw refusal;
  }

  /** Whether the store returns no checksums. */
  #isMute(): boolean {
    const { adversary, chronicle } = this.#world;
    if (adversary.isMute) chronicle.count('network', 'mute');
    return adversary.isMute;
  }

  async #head(
    exchange: Exchange<HeadFate>,
    history: ObjectHistory,
  ): Promise<ObjectState | undefined> {
    const { fate, random } = exchange;
    await exchange.pause(30);
    if (fate === 'lost') return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    if (fate === 'forbidden') throw failure.forbidden();
    if (fate === 'refused') throw failure.fatal();
    const about = fate === 'stale' ? random.integer(history.oldest, history.now) : history.now;
    await exchange.pause(fate === 'slow' ? 10_000 : 30);
    if (exchange.isAwaited) history.reveal(about);
    if (exchange.isAwaited) this.#meet(history, about);
    const state = describe(history.at(about));
    if (state === undefined) return undefined;
    if (fate === 'garbled') return { ...state, length: random.pick([Number.NaN, -1]) };
    if (fate !== 'without-crc' && !this.#isMute()) return state;
    const { crc64: _, ...rest } = state;
    return rest;
  }

  /** Meets the fates of a HEAD; one that is lost may have been applied. */
  async #seal(
    exchange: Exchange<HeadFate>,
    history: ObjectHistory,
    position: number,
  ): Promise<void> {
    const { store, chronicle } = this.#world;
    const { fate, random } = exchange;
    await exchange.pause(fate === 'slow' ? 10_000 : 30);
    if (fate === 'lost' && random.chance(0.5)) return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    if (fate === 'forbidden') throw failure.forbidden();
    if (fate === 'refused') throw failure.fatal();
    store.seal(history.key, position);
    chronicle.tell(`request ${exchange.number}`, () => `${history.key} is sealed at ${position}`);
    if (fate === 'lost') return exchange.lose();
    await exchange.pause(30);
    if (exchange.isAwaited) history.reveal(history.now);
  }

  async #get(
    exchange: Exchange<GetFate>,
    history: ObjectHistory,
    { start, end }: { readonly start: number; readonly end: number | undefined },
  ): Promise<Readable> {
    const { fate } = exchange;
    await exchange.pause(50);
    if (fate === 'lost') return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    if (fate === 'forbidden') throw failure.forbidden();
    if (history.current === undefined) throw failure.fatal();
    if (exchange.isAwaited) history.reveal(history.now);
    return download(exchange, bytesOf(history.current, start, end));
  }
}

/** A range of an object; the hidden bytes in it are nobody's. */
function bytesOf(
  { hidden, bytes }: Incarnation,
  start: number,
  end = hidden + bytes.length,
): Buffer {
  const unseen = Buffer.alloc(Math.max(0, Math.min(end, hidden) - start), 0xff);
  const seen = bytes.subarray(Math.max(0, start - hidden), Math.max(0, end - hidden));
  return Buffer.concat([unseen, seen]);
}
