import { setMaxListeners } from 'node:events';
import { type AppendWritable, OssClient, type OssClientOptions } from 'oss-append-stream';
import type { Random } from '../simulation/random.js';
import { Living } from './living.js';
import { Source } from './source.js';
import type { Store } from './store.js';
import { Tally } from './tally.js';
import type { Violation } from './violation.js';

/** An object, and the source of its bytes. */
export interface Subject {
  readonly key: string;
  readonly number: number;
  readonly source: Source;
}

/** The user of a stream. */
export interface User {
  readonly stream: AppendWritable;
  describe(): string;

  /** Describes what is wrong with the stream. */
  violation(problems: readonly string[], circumstances: { error: unknown }): Promise<Violation>;
}

/** Most streams and downloads at once, including the residents. */
export const mostAtOnce = 40;

/** What all users of streams share. */
export class World {
  readonly random: Random;
  readonly store: Store;
  readonly connection: OssClientOptions;
  readonly tally = new Tally();

  /** A signal that outlives the streams to which it is passed. */
  readonly signal: AbortSignal;
  readonly sharedClient: OssClient;
  readonly streams = new Living();
  readonly clients = new Living();

  /** Users whose stream has not been verified yet. */
  readonly underway = new Set<User>();

  /** Keys of objects that are no longer needed. */
  readonly overdue: string[] = [];
  #subjects = 0;

  private constructor(random: Random, store: Store, connection: OssClientOptions) {
    this.random = random;
    this.store = store;
    this.connection = connection;
    this.signal = new AbortController().signal;
    // Raises Node's limit of ten to the most that are possible.
    setMaxListeners(mostAtOnce, this.signal);
    this.sharedClient = this.createClient(connection);
  }

  static async create(random: Random, store: Store): Promise<World> {
    return new World(random, store, await store.call('connection'));
  }

  /** The same store under another host name, whose connections close with its last client. */
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
