import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Remote } from '../helpers/remote.js';
import type { Expectation } from './expected-object.js';
import type { Endpoints, OrderAccount, Protocol, StoreFunctions } from './store-process.js';
import type { Target } from './target.js';

/** The store in its own process, and what a client needs to reach it. */
export class Store implements AsyncDisposable {
  /** For `NODE_EXTRA_CA_CERTS`, if there is `https`. */
  readonly certificateFile: string | undefined;

  readonly #remote: Remote<StoreFunctions>;
  readonly #endpoints: Endpoints;
  readonly #folder: string;
  #keys = 0;

  private constructor(remote: Remote<StoreFunctions>, endpoints: Endpoints, folder: string) {
    this.#remote = remote;
    this.#endpoints = endpoints;
    this.#folder = folder;
    if (endpoints.https) this.certificateFile = join(folder, 'certificate.pem');
  }

  /** @param protocols Protocols to serve in addition to `http`. */
  static async start(protocols: readonly Protocol[] = []): Promise<Store> {
    const remote = new Remote<StoreFunctions>('test/comparing-store/store-process');
    const { endpoints, certificate } = await remote.call('start', protocols);
    const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
    const store = new Store(remote, endpoints, folder);
    if (store.certificateFile) await writeFile(store.certificateFile, certificate);
    return store;
  }

  /** Prepares for an object with a new key, or for several. */
  async expect(expectation: Expectation, protocol: Protocol): Promise<Target> {
    const key = `object-${++this.#keys}`;
    await this.#remote.call('expect', key, expectation);
    const endpoint = this.#endpoints[protocol];
    if (endpoint === undefined) throw new Error(`The store was started without ${protocol}`);
    return {
      endpoint,
      region: 'cn-hangzhou',
      bucket: 'bench-bucket',
      credentials: { accessKeyId: 'bench', accessKeySecret: 'bench' },
      key,
    };
  }

  /** Returns the state of the objects and forgets them. */
  async take(key: string): Promise<OrderAccount> {
    const account = await this.#remote.call('take', key);
    if (account === undefined) throw new Error(`The store does not know ${key}`);
    return account;
  }

  get pid(): number {
    return this.#remote.process.pid as number;
  }

  /** Connections open now, and the most open at one time since the last call. */
  connections(): Promise<{ now: number; most: number }> {
    return this.#remote.call('connections');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remote.kill();
    await rm(this.#folder, { recursive: true });
  }
}
