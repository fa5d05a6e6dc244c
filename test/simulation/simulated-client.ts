import { Readable } from 'node:stream';
import type {
  AppendClient,
  AppendObjectOptions,
  AppendReceipt,
  GetObjectOptions,
  ObjectCreation,
  ObjectState,
  RequestOptions,
} from '../../src/append/append-client.js';
import { failure, ScriptedFailure } from '../append/scripted-client.js';
import type { AppendFate, GetFate, HeadFate } from './adversary.js';
import type { Exchange } from './exchange.js';
import { Parcel } from './parcel.js';
import type { World } from './world.js';

/** An append in flight. */
interface Appending {
  readonly exchange: Exchange<AppendFate>;
  readonly position: number;
  readonly parcel: Parcel;
  readonly create: ObjectCreation | undefined;
}

/** A store's answer to an append, and the number of the state that it describes. */
interface Answer {
  readonly receipt?: AppendReceipt;
  readonly refusal?: ScriptedFailure;
  readonly about: number;
}

/** The client of one stream: a store behind a bad network, in virtual time. */
export class SimulatedClient implements AppendClient {
  /** Called within each request, as a credentials provider is. */
  onRequest: () => void = () => {};

  /** Called with each append of bytes, before it is sent. */
  onAppend: (body: Uint8Array) => void = () => {};

  /** Requests whose caller still waits. */
  inFlight = 0;

  /** End of the last append of bytes that was applied, and the number of its object. */
  landed: { readonly end: number; readonly object: number } | undefined;

  /** The memory of the bodies. */
  readonly memory = new Set<ArrayBufferLike>();

  /** Number of bodies that a client kept by ignoring its signal. */
  kept = 0;

  readonly #world: World;

  /** Number of appends of bytes at each position, except those with a definite failure. */
  readonly #attempts = new Map<number, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Whether an append at this position may be applied now or later, as far as its caller can know.
   */
  mayHaveLanded(position: number): boolean {
    return (this.#attempts.get(position) ?? 0) > 0;
  }

  async appendObject(
    _key: string,
    position: number,
    body: Uint8Array,
    { signal, create }: AppendObjectOptions = {},
  ): Promise<AppendReceipt> {
    this.onRequest();
    const { network, adversary } = this.#world;
    const exchange = network.begin<AppendFate>('append', adversary.appends, () => {
      return `append ${position}+${body.length}`;
    });
    const parcel = new Parcel(body);
    if (body.length > 0) {
      this.onAppend(body);
      this.memory.add(body.buffer);
      this.#count(position, 1);
    }
    const appending = { exchange, position, parcel, create };
    return this.#exchange(exchange, signal, () => this.#append(appending), parcel);
  }

  async headObject(
    _key: string,
    { signal }: RequestOptions = {},
  ): Promise<ObjectState | undefined> {
    this.onRequest();
    const { network, adversary } = this.#world;
    const exchange = network.begin<HeadFate>('head', adversary.heads, () => 'HEAD');
    return this.#exchange(exchange, signal, () => this.#head(exchange));
  }

  async getObject(
    _key: string,
    { start = 0, end, signal }: GetObjectOptions = {},
  ): Promise<Readable> {
    this.onRequest();
    const { network, adversary } = this.#world;
    const exchange = network.begin<GetFate>('get', adversary.gets, () => `GET ${start}-${end}`);
    return this.#exchange(exchange, signal, () => this.#get(exchange, start, end));
  }

  async sealAppendObject(
    _key: string,
    position: number,
    { signal }: RequestOptions = {},
  ): Promise<void> {
    this.onRequest();
    const { network, adversary, history } = this.#world;
    history.mayBeSealed = true;
    const exchange = network.begin<HeadFate>('seal', adversary.heads, () => `seal ${position}`);
    return this.#exchange(exchange, signal, () => this.#seal(exchange, position));
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

  async #append(appending: Appending): Promise<AppendReceipt> {
    const { exchange, position, parcel } = appending;
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
        throw this.#refuse(appending, failure.rejected());
      case 'refused':
        throw this.#refuse(appending, failure.fatal());
      case 'forbidden':
        throw this.#refuse(appending, failure.forbidden());
      case 'early-conflict':
        throw failure.conflict(this.#world.history.length);
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
  #land({ exchange, position, parcel, create }: Appending, length?: number): Answer {
    const { store, history, chronicle } = this.#world;
    const body = parcel.read(length);
    const tell = (what: string) => {
      const isLate = exchange.isAborted ? ', after its caller gave up' : '';
      chronicle.tell(`request ${exchange.number}`, () => `${what}${isLate}`);
    };
    try {
      const receipt = store.append(position, body, create);
      const object = history.current?.number ?? 0;
      if (body.length > 0) this.landed = { end: receipt.nextPosition, object };
      tell(`applied: the object has ${history.length} bytes`);
      return { receipt, about: history.now };
    } catch (error) {
      if (!(error instanceof ScriptedFailure)) throw error;
      tell(`not applied: ${error.outcome}`);
      return { refusal: error, about: history.now };
    }
  }

  /** Delivers the answer. */
  #answer(appending: Appending, { receipt, refusal, about }: Answer): AppendReceipt {
    const { exchange } = appending;
    const isUnclear = receipt ? exchange.fate === 'garbled' : exchange.fate === 'sent-twice';
    if (exchange.isAwaited && !isUnclear) this.#world.store.reveal(about);
    if (receipt !== undefined) {
      return this.#isMute() ? { nextPosition: receipt.nextPosition } : receipt;
    }
    if (refusal?.outcome === 'fatal') throw this.#refuse(appending, refusal);
    if (refusal?.outcome === 'conflict' && exchange.fate === 'without-length') {
      throw failure.conflict();
    }
    throw refusal;
  }

  /** Refuses it definitely: nothing of it was stored. */
  #refuse({ exchange, position, parcel }: Appending, refusal: ScriptedFailure): ScriptedFailure {
    // The stream sees the failure of a first attempt only in the next turn of the event loop.
    const isHeard = !exchange.isAborted && parcel.length > 0;
    if (isHeard) setImmediate(() => this.#count(position, -1));
    return refusal;
  }

  /** Whether the store returns no checksums. */
  #isMute(): boolean {
    const { adversary, chronicle } = this.#world;
    if (adversary.isMute) chronicle.count('network', 'mute');
    return adversary.isMute;
  }

  #count(position: number, change: 1 | -1): void {
    this.#attempts.set(position, (this.#attempts.get(position) ?? 0) + change);
  }

  async #head(exchange: Exchange<HeadFate>): Promise<ObjectState | undefined> {
    const { store, history } = this.#world;
    const { fate, random } = exchange;
    await exchange.pause(30);
    if (fate === 'lost') return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    if (fate === 'forbidden') throw failure.forbidden();
    if (fate === 'refused') throw failure.fatal();
    const about = fate === 'stale' ? random.integer(store.oldest, history.now) : history.now;
    await exchange.pause(fate === 'slow' ? 10_000 : 30);
    if (exchange.isAwaited) store.reveal(about);
    const state = store.head(about);
    if (state === undefined) return undefined;
    if (fate === 'garbled') return { ...state, length: random.pick([Number.NaN, -1]) };
    if (fate !== 'without-crc' && !this.#isMute()) return state;
    const { crc64: _, ...rest } = state;
    return rest;
  }

  /** Meets the fates of a HEAD; one that is lost may have been applied. */
  async #seal(exchange: Exchange<HeadFate>, position: number): Promise<void> {
    const { store, history, chronicle } = this.#world;
    const { fate, random } = exchange;
    await exchange.pause(fate === 'slow' ? 10_000 : 30);
    if (fate === 'lost' && random.chance(0.5)) return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    if (fate === 'forbidden') throw failure.forbidden();
    if (fate === 'refused') throw failure.fatal();
    store.seal(position);
    chronicle.tell(`request ${exchange.number}`, () => `sealed at ${position}`);
    if (fate === 'lost') return exchange.lose();
    await exchange.pause(30);
    if (exchange.isAwaited) store.reveal(history.now);
  }

  async #get(exchange: Exchange<GetFate>, start: number, end?: number): Promise<Readable> {
    const { fate, random } = exchange;
    await exchange.pause(50);
    if (fate === 'lost') return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    if (fate === 'forbidden') throw failure.forbidden();
    const { history, store } = this.#world;
    if (history.current === undefined) throw failure.fatal();
    if (exchange.isAwaited) store.reveal(history.now);
    const bytes = history.current.bytes.subarray(start, end);
    const cut = random.integer(0, bytes.length);
    const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
    if (fate === 'cut') return Readable.from(pieces.slice(0, 1));
    if (fate !== 'broken') return Readable.from(pieces);
    return Readable.from(
      (async function* () {
        yield pieces[0];
        yield await exchange.lose();
      })(),
    );
  }
}
