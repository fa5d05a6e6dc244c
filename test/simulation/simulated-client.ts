import { Readable } from 'node:stream';
import type {
  AppendClient,
  AppendReceipt,
  GetObjectOptions,
  ObjectState,
  RequestOptions,
} from '../../src/append/append-client.js';
import { failure, ScriptedFailure } from '../append/scripted-client.js';
import type { Adversary, AppendFate, HeadFate } from './adversary.js';
import { describe, type Incarnation, type ObjectHistory } from './object-history.js';

/** A store behind a bad network: one object, in time that only the simulation lets pass. */
export class SimulatedClient implements AppendClient {
  /** How often each thing happened. */
  readonly fates = new Map<string, number>();

  /** Appends of bytes whose caller still waits. */
  inFlight = 0;

  readonly #history: ObjectHistory;
  readonly #adversary: Adversary;
  #requests = 0;

  /** What nobody may hide any more: it has been confirmed. */
  #floor: Incarnation | undefined;

  constructor(history: ObjectHistory, adversary: Adversary) {
    this.#history = history;
    this.#adversary = adversary;
    this.#floor = history.current;
  }

  async appendObject(
    _key: string,
    position: number,
    body: Uint8Array,
    { signal }: RequestOptions = {},
  ): Promise<AppendReceipt> {
    const bytes = Buffer.from(body);
    const appending = this.#exchange(signal, (hang) => this.#append(position, bytes, hang));
    if (bytes.length === 0) return appending;
    let isOver = false;
    const leave = () => {
      if (!isOver) this.inFlight--;
      isOver = true;
    };
    this.inFlight++;
    signal?.addEventListener('abort', leave, { once: true });
    return appending.finally(leave);
  }

  async headObject(
    _key: string,
    { signal }: RequestOptions = {},
  ): Promise<ObjectState | undefined> {
    return this.#exchange(signal, (hang) => this.#head(hang));
  }

  async getObject(_key: string, { start = 0, end }: GetObjectOptions = {}): Promise<Readable> {
    await this.#pause(50);
    const bytes = this.#history.current?.bytes ?? Buffer.alloc(0);
    return Readable.from([bytes.subarray(start, end)]);
  }

  async sealAppendObject(): Promise<void> {
    throw failure.fatal();
  }

  async close(): Promise<void> {}

  async #append(
    position: number,
    body: Buffer,
    hang: () => Promise<never>,
  ): Promise<AppendReceipt> {
    const { random, appends } = this.#adversary;
    const fate = this.#draw<AppendFate>(appends);
    await this.#pause(30);
    switch (fate) {
      case 'request-lost':
        return this.#lose(hang);
      case 'answer-lost':
        this.#applyUnheard(position, body);
        return this.#lose(hang);
      case 'applied-in-part':
        this.#applyUnheard(position, body.subarray(0, random.integer(0, body.length)));
        return this.#lose(hang);
      case 'applied-late': {
        const delay = random.pick([5, 50, 500, 5000]);
        setTimeout(() => this.#applyUnheard(position, body), delay * (1 + random.next()));
        return this.#lose(hang);
      }
      case 'failed-after':
        this.#applyUnheard(position, body);
        this.#confirm(); // An answer, of whatever kind, comes after what it is about.
        throw failure.answered();
      case 'failed-before':
        throw failure.answered();
      case 'throttled':
        throw failure.rejected();
      case 'refused':
        throw failure.fatal();
      case 'forbidden':
        throw failure.forbidden();
      case 'sent-twice':
        // A proxy that got no answer asks again by itself.
        this.#apply(position, body);
        break;
      default:
    }
    const receipt = this.#apply(position, body);
    await this.#pause(30);
    if (fate === 'without-crc') return { nextPosition: receipt.nextPosition };
    if (fate === 'wrong-crc') return { ...receipt, crc64: 1n };
    return receipt;
  }

  async #head(hang: () => Promise<never>): Promise<ObjectState | undefined> {
    const { heads, isBlind } = this.#adversary;
    const fate = isBlind ? 'forbidden' : this.#draw<HeadFate>(heads);
    await this.#pause(30);
    if (fate === 'lost') return this.#lose(hang);
    if (fate === 'throttled') throw failure.rejected();
    if (fate === 'forbidden') throw failure.forbidden();
    if (fate !== 'stale') this.#confirm();
    const state = describe(fate === 'stale' ? this.#floor : this.#history.current);
    await this.#pause(30);
    if (state === undefined || fate !== 'without-crc') return state;
    const { crc64: _, ...rest } = state;
    return rest;
  }

  /** Does what OSS does with an append. */
  #apply(position: number, body: Buffer): AppendReceipt {
    const { current, length } = this.#history;
    if (current !== undefined && (current.kind !== 'Appendable' || current.sealed)) {
      throw failure.fatal();
    }
    this.#confirm();
    if (position !== length) throw failure.conflict(length);
    this.#history.append(body);
    this.#confirm();
    const { crc64 } = describe(this.#history.current) as ObjectState;
    return { nextPosition: position + body.length, crc64 };
  }

  /** The same, but nobody hears of it, and so a later question may not see it yet. */
  #applyUnheard(position: number, body: Buffer): void {
    const floor = this.#floor;
    try {
      this.#apply(position, body);
    } catch (error) {
      if (!(error instanceof ScriptedFailure)) throw error;
    }
    this.#floor = floor;
  }

  /** What is there now cannot be hidden from now on. */
  #confirm(): void {
    this.#floor = this.#history.current;
  }

  /** Called when somebody else has changed the object: nothing of that is ever hidden. */
  tampered(): void {
    this.#confirm();
  }

  #draw<Fate extends string>(weights: Readonly<Partial<Record<Fate, number>>>): Fate {
    const { random, patience } = this.#adversary;
    const isOver = ++this.#requests > patience;
    const fate = isOver ? ('answered' as Fate) : random.weighted(weights);
    this.fates.set(fate, (this.fates.get(fate) ?? 0) + 1);
    return fate;
  }

  async #lose(hang: () => Promise<never>): Promise<never> {
    const { random } = this.#adversary;
    if (random.chance(0.3)) return hang();
    await this.#pause(100);
    throw failure.unanswered();
  }

  /** Ends a request when its signal fires or, in a bad client, not even then. */
  async #exchange<T>(
    signal: AbortSignal | undefined,
    run: (hang: () => Promise<never>) => Promise<T>,
  ): Promise<T> {
    const isDeaf = this.#adversary.random.chance(0.1);
    const running = run(() => new Promise<never>(() => {}));
    if (signal === undefined || isDeaf) return running;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(failure.unanswered()), { once: true });
    });
    return Promise.race([running, aborted]);
  }

  async #pause(most: number): Promise<void> {
    const { random } = this.#adversary;
    if (random.chance(0.3)) return;
    await new Promise<void>((resolve) => setTimeout(resolve, random.next() * most));
  }
}
