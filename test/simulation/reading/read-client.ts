import type { Readable } from 'node:stream';
import type {
  GetObjectOptions,
  ObjectState,
  RequestOptions,
} from '../../../src/append/append-client.js';
import { failure } from '../../append/scripted-client.js';
import type { Weights } from '../adversary.js';
import { download } from '../download.js';
import type { Exchange } from '../exchange.js';
import type { Network } from '../network.js';
import { describe } from '../object-history.js';
import type { SimulatedStore } from '../simulated-store.js';

/** What happens to a request of a reader. */
export type ReadFate =
  | 'answered'
  | 'slow'
  | 'without-crc'
  | 'lost'
  | 'throttled'
  | 'cut'
  | 'broken';

export interface ReadClientOptions {
  readonly store: SimulatedStore;
  readonly network: Network;
  readonly fates: Weights<ReadFate>;

  /** Called when a HEAD has been answered. */
  readonly onLook: () => void;
}

/** Lets a reader reach the simulated store, through a network of its own. */
export class SimulatedReadClient {
  readonly #options: ReadClientOptions;

  constructor(options: ReadClientOptions) {
    this.#options = options;
  }

  headObject(key: string, { signal }: RequestOptions = {}): Promise<ObjectState | undefined> {
    const exchange = this.#begin(`HEAD ${key}`);
    return exchange.run(
      signal,
      () => this.#head(exchange, key),
      () => {},
    );
  }

  getObject(key: string, { start = 0, end, signal }: GetObjectOptions = {}): Promise<Readable> {
    const exchange = this.#begin(`GET ${start}-${end} of ${key}`);
    return exchange.run(
      signal,
      () => this.#get(exchange, key, start, end),
      () => {},
    );
  }

  #begin(what: string): Exchange<ReadFate> {
    const { network, fates } = this.#options;
    return network.begin<ReadFate>('read', fates, () => what) as Exchange<ReadFate>;
  }

  async #head(exchange: Exchange<ReadFate>, key: string): Promise<ObjectState | undefined> {
    const { fate } = exchange;
    await exchange.pause(30);
    if (fate === 'lost') return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    const state = describe(this.#options.store.history(key).current);
    await exchange.pause(fate === 'slow' ? 10_000 : 30);
    this.#options.onLook();
    if (state === undefined || fate !== 'without-crc') return state;
    const { crc64: _, ...rest } = state;
    return rest;
  }

  async #get(
    exchange: Exchange<ReadFate>,
    key: string,
    start: number,
    end: number | undefined,
  ): Promise<Readable> {
    const { fate } = exchange;
    await exchange.pause(fate === 'slow' ? 10_000 : 50);
    if (fate === 'lost') return exchange.lose();
    if (fate === 'throttled') throw failure.rejected();
    const { current } = this.#options.store.history(key);
    if (current === undefined) throw failure.fatal();
    return download(exchange, current.bytes.subarray(start, end));
  }
}
