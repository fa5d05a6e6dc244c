import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { startEmulator } from '../../src/emulator/index.js';
import { type Credentials, OssClient } from '../../src/index.js';
import { type AliOss, createAliOss } from '../emulator/ali-oss-client.js';

/** A bucket and the credentials to use it. */
export interface Connection {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly credentials: Credentials;
}

/** A store that must keep the contract. */
export interface Target {
  readonly name: string;
  open(): Promise<Store>;
}

/** Variables that a bucket requires. */
const needed = ['OSS_ACCESS_KEY_ID', 'OSS_ACCESS_KEY_SECRET', 'OSS_REGION'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The emulator and, if the environment names a bucket, that bucket.
 *
 * @throws {Error} If it names a bucket but a required variable is missing.
 */
export function findTargets(environment: Environment): readonly Target[] {
  const emulator: Target = { name: 'the emulator', open: openEmulator };
  const connection = readConnection(environment);
  if (connection === undefined) return [emulator];
  return [
    emulator,
    { name: `oss://${connection.bucket}`, open: async () => new Store(connection) },
  ];
}

export const targets = findTargets(process.env);

function readConnection(environment: Environment): Connection | undefined {
  const bucket = environment.OSS_TEST_BUCKET || undefined;
  if (bucket === undefined) return undefined;
  const missing = needed.filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new Error(`Cannot use OSS_TEST_BUCKET as these are not set: ${missing.join(', ')}`);
  }
  return {
    bucket,
    region: environment.OSS_REGION ?? '',
    endpoint: environment.OSS_ENDPOINT || undefined,
    credentials: {
      accessKeyId: environment.OSS_ACCESS_KEY_ID ?? '',
      accessKeySecret: environment.OSS_ACCESS_KEY_SECRET ?? '',
      securityToken: environment.OSS_SESSION_TOKEN || undefined,
    },
  };
}

async function openEmulator(): Promise<Store> {
  const emulator = await startEmulator();
  const { endpoint, region, credentials } = emulator;
  const bucket = 'examplebucket';
  return new Store({ bucket, region, endpoint, credentials }, () => emulator.close());
}

/** A prefix in a bucket for the objects of one test file, deleted on disposal. */
export class Store implements AsyncDisposable {
  readonly connection: Connection;
  readonly client: OssClient;
  readonly #sdk: AliOss;
  readonly #release: () => Promise<void>;
  readonly #prefix = `oss-append-stream-contract/${randomUUID()}/`;
  readonly #keys = new Set<string>();

  constructor(connection: Connection, release = async () => {}) {
    this.connection = connection;
    this.client = new OssClient(connection);
    this.#sdk = createAliOss(sdkOptions(connection));
    this.#release = release;
  }

  /** A new key that ends in `name`. The part before `name` always has the same length. */
  key(name = 'a.log'): string {
    const key = `${this.#prefix}${randomUUID()}/${name}`;
    this.#keys.add(key);
    return key;
  }

  /** Puts a Normal object, which our client cannot do. */
  async put(key: string, content: string): Promise<void> {
    await withoutRequest(this.#sdk.put(key, Buffer.from(content)));
  }

  /** Appends with a Content-MD5, which our client does not send. */
  async appendWithMd5(key: string, content: string, md5: string): Promise<void> {
    const headers = { 'Content-MD5': md5 };
    await withoutRequest(this.#sdk.append(key, Buffer.from(content), { headers }));
  }

  /** Reads with the SDK instead of our client. */
  async read(key: string): Promise<Buffer> {
    return (await withoutRequest(this.#sdk.get(key))).content;
  }

  /** The raw headers of a HEAD response. */
  async headers(key: string): Promise<Readonly<Record<string, string>>> {
    return (await withoutRequest(this.#sdk.head(key))).res.headers;
  }

  async delete(key: string): Promise<void> {
    await withoutRequest(this.#sdk.delete(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Promise.all(Array.from(this.#keys, (key) => this.delete(key)));
    } finally {
      await this.client.close();
      await this.#release();
    }
  }
}

function sdkOptions({ bucket, region, endpoint, credentials }: Connection): object {
  const { accessKeyId, accessKeySecret, securityToken: stsToken } = credentials;
  return {
    bucket,
    accessKeyId,
    accessKeySecret,
    authorizationV4: true,
    secure: true,
    agent: new Agent(),
    httpsAgent: new HttpsAgent(),
    // Without an interval, the SDK warns that it cannot renew the token.
    ...(stsToken === undefined ? {} : { stsToken, refreshSTSTokenInterval: 24 * 60 * 60 * 1000 }),
    ...(endpoint === undefined ? {} : { endpoint }),
    region: `oss-${region.replace(/^oss-/, '')}`,
    sldEnable: /^(?:https?:\/\/)?localhost\b/.test(endpoint ?? ''),
  };
}

/** Keeps the message and drops the SDK's error, which may contain the request with its token. */
async function withoutRequest<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw new Error(String(error));
  }
}
