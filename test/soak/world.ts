import { setMaxListeners } from 'node:events';
import { type AppendWritable, OssClient, type OssClientOptions } from 'oss-append-stream';
import type { Random } from '../simulation/random.js';
import { Living } from './living.js';
import { Source } from './source.js';
import type { Store } from './store.js';
import { Tally } from './tally.js';
import type { Violation } from './violation.js';

/** An object, and what is written to it. */
export interface Subject {
  readonly key: string;
  readonly number: number;
  readonly source: Source;
}

/** Who uses a stream. */
export interface User {
  readonly stream: AppendWritable;
  describe(): string;

  /** Says what is wrong with it. */
  violation(problems: readonly string[], circumstances: { error: unknown }): Promise<Violation>;
}

/** Most streams and downloads at once, with those that live through the whole run. */
export const mostAtOnce = 40;

/** What all the traffic shares. */
export class World {
  readonly random: Random;
  readonly store: Store;
  readonly connection: OssClientOptions;
  readonly tally = new Tally();

  /** A user's own signal, which outlives the streams that it is given to. */
  readonly signal: AbortSignal;
  readonly sharedClient: OssClient;
  readonly streams = new Living();
  readonly clients = new Living();

  /** Who uses a stream that is to be over soon. */
  readonly underway = new Set<User>();

  /** Objects that nobody needs any more. */
  readonly overdue: string[] = [];
  #subjects = 0;

  private constructor(random: Random, store: Store, connection: OssClientOptions) {
    this.random = random;
    this.store = store;
    this.connection = connection;
    this.signal = new AbortController().signal;
    // More than the ten that Node takes for normal, and no more than there can be.
    setMaxListeners(mostAtOnce, this.signal);
    this.sharedClient = this.createClient(connection);
  }

  static async create(random: Random, store: Store): Promise<World> {
    return new World(random, store, await store.call('connection'));
  }

  /** The same store under another name: its connections are closed whenever its last client is. */
  get ownConnection(): OssClientOptions {
    const { endpoint = '' } = this.connection;
    return { ...this.connection, endpoint: endpoint.replace('127.0.0.1', 'localhost') };
  }

  createClient(options: OssClientOptions): OssClient {
    return this.clients.add(new OssClient(options));
  }

  createSubject(usage: string): Subject {
    const number = ++this.#subjects;
    return { key: `${usage}-${number}`, number, source: new Source(number) };
  }
}
