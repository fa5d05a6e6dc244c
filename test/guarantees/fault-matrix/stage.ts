import { buffer } from 'node:stream/consumers';
import { OssClient, OssServiceError } from 'oss-append-stream';
import type { EmulatorOptions } from 'oss-append-stream/emulator';
import { type CuttingRelay, startCuttingRelay } from '../../helpers/cutting-relay.js';
import { Remote } from '../../helpers/remote.js';
import type { EmulatorFunctions } from './emulator-process.js';
import type { Connection } from './job.js';

const bucket = 'examplebucket';

/** A server in its own process, behind a relay that stands for the network. */
export class Stage implements AsyncDisposable {
  readonly #dir: string | undefined;
  #emulator = startServer();
  #server: Omit<Connection, 'bucket'> | undefined;
  #relay: CuttingRelay | undefined;
  #restarting: Promise<void> | undefined;

  /** @param dir Folder for the server's objects; without it they are lost with the process. */
  static async set(dir?: string): Promise<Stage> {
    const stage = new Stage(dir);
    stage.#server = await stage.#listen({});
    stage.#relay = await startCuttingRelay(stage.#server.endpoint);
    return stage;
  }

  private constructor(dir: string | undefined) {
    this.#dir = dir;
  }

  get emulator(): Remote<EmulatorFunctions> {
    return this.#emulator;
  }

  get relay(): CuttingRelay {
    if (this.#relay === undefined) throw new Error('The stage is not set up');
    return this.#relay;
  }

  /** The server as writers reach it, through the relay. */
  get connection(): Connection {
    return { ...this.directConnection, endpoint: this.relay.endpoint };
  }

  /** The server itself, without the relay. */
  get directConnection(): Connection {
    if (this.#server === undefined) throw new Error('The stage is not set up');
    return { ...this.#server, bucket };
  }

  /**
   * Kills the server and restarts it on the same port; resolves when it listens.
   *
   * @param change Changes what is in its folder meanwhile.
   */
  restart(change?: (dir: string) => Promise<void>): Promise<void> {
    this.#restarting = (async () => {
      await this.#emulator.kill();
      if (this.#dir !== undefined) await change?.(this.#dir);
      this.#emulator = startServer();
      await this.#listen({ port: Number(new URL(this.directConnection.endpoint).port) });
    })();
    return this.#restarting;
  }

  /** The content of an object, read without the relay. */
  async read(key: string): Promise<Buffer | undefined> {
    await this.#restarting;
    const client = new OssClient(this.directConnection);
    try {
      // No HEAD first: a fault may make it fail.
      return await buffer(await client.getObject(key));
    } catch (error) {
      if (error instanceof OssServiceError && error.ossCode === 'NoSuchKey') return undefined;
      throw error;
    } finally {
      await client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay?.[Symbol.asyncDispose]();
    await this.#emulator.kill('SIGTERM');
  }

  #listen(options: EmulatorOptions) {
    const dir = this.#dir === undefined ? {} : { dir: this.#dir };
    return this.#emulator.call('start', { ...options, ...dir, buckets: [bucket] });
  }
}

function startServer(): Remote<EmulatorFunctions> {
  return new Remote('test/guarantees/fault-matrix/emulator-process');
}
