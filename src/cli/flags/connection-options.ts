import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { longestTimer } from '../../assertions.js';
import type { Emulator, Fault } from '../../emulator/index.js';
import {
  type CredentialsModule,
  loadedCredentials,
} from '../../oss/credentials/credentials-module.js';
import { OssClient } from '../../oss/oss-client.js';
import { ConfigurationError, UsageError } from '../exit-code.js';
import { parseDuration } from './duration.js';
import { collectFault } from './fault-option.js';

/** Flags that say where the object is. */
export interface ConnectionFlags {
  readonly region?: string;
  readonly endpoint?: string;
  readonly internal?: boolean;
  readonly addressing?: 'virtual' | 'path' | 'cname';
  readonly credentials?: CredentialsModule;
  readonly requestTimeout?: number;
  readonly requestPayer?: 'requester';
  readonly trafficLimit?: number;
  readonly emulator?: boolean;
  readonly dir?: string;
  readonly fault?: readonly Fault[];
  readonly seed?: number;
}

const connectionHelp = `
Proxies are read from HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in lower or upper
case. --credentials names a module, as a path, a file: URL or a package. Its
default export is a function that returns { accessKeyId, accessKeySecret,
securityToken, expiration } or a promise of them.`;

/** Adds the flags that say where the object is. */
export function addConnectionOptions(command: Command): Command {
  return command
    .optionsGroup('Where the object is:')
    .option('--region <region>', 'region of the bucket (default: $OSS_REGION)')
    .option('--endpoint <host>', 'host to connect to (default: $OSS_ENDPOINT)')
    .option('--internal', 'use the endpoint inside Alibaba Cloud')
    .addOption(
      new Option('--addressing <style>', 'style of URLs').choices(['virtual', 'path', 'cname']),
    )
    .option('--credentials <module>', 'module that supplies and renews keys', parseModule)
    .option('--request-timeout <time>', 'limit for one attempt (default: 1m)', parseDuration)
    .addOption(new Option('--request-payer <who>', 'who pays').choices(['requester']))
    .option('--traffic-limit <bits>', 'bits per second, at most', parseInteger)
    .optionsGroup('Without OSS:')
    .option('--emulator', 'use a built-in emulator')
    .option(
      '--dir <folder>',
      'folder for its objects (default: memory, or a temporary folder without memfs)',
    )
    .option('--fault <fault>', 'such as kind=drop-answer,nth=2; repeatable', collectFault)
    .option('--seed <number>', 'makes random faults reproducible', parseInteger)
    .addHelpText('after', connectionHelp);
}

/** A client, and the function that closes everything behind it. */
export interface Connection {
  readonly client: OssClient;

  /** Creates the client of another bucket, which must have been named. */
  readonly clientFor: (bucket: string) => OssClient;
  readonly close: () => Promise<void>;
}

/**
 * Connects to a bucket: in OSS, or in an emulator that is started with this bucket.
 *
 * @param others Further buckets that will be used.
 * @throws {UsageError} If flags contradict each other.
 * @throws {ConfigurationError} If region, endpoint or folder is wrong.
 */
export async function connect(
  bucket: string,
  flags: ConnectionFlags,
  others: readonly string[] = [],
): Promise<Connection> {
  assertConsistent(flags);
  const emulator = flags.emulator ? await startEmbedded([bucket, ...others], flags) : undefined;
  const options = emulator === undefined ? clientOptions(flags) : optionsFor(emulator, flags);
  const clients: OssClient[] = [];
  const clientFor = (name: string) => {
    const client = configured(() => new OssClient({ bucket: name, ...options }));
    clients.push(client);
    return client;
  };
  const close = async () => {
    for (const client of clients) await client.close();
    await emulator?.close();
  };
  return { client: clientFor(bucket), clientFor, close };
}

/** Connects as {@link connect} does, and closes when `use` has settled. */
export async function withClient<Result>(
  bucket: string,
  flags: ConnectionFlags,
  use: (client: OssClient) => Promise<Result>,
): Promise<Result> {
  const { client, close } = await connect(bucket, flags);
  try {
    return await use(client);
  } finally {
    await close();
  }
}

function clientOptions({
  region,
  endpoint,
  internal,
  addressing,
  credentials,
  requestTimeout,
}: ConnectionFlags) {
  return {
    region,
    endpoint,
    internal,
    addressing,
    requestTimeout,
    credentials: loadedCredentials(credentials, 'load credentials'),
    proxy: 'environment',
  };
}

function optionsFor(emulator: Emulator, { requestTimeout }: ConnectionFlags) {
  const { endpoint, region, credentials } = emulator;
  return { endpoint, region, credentials, requestTimeout };
}

async function startEmbedded(
  buckets: readonly string[],
  { dir, fault, seed }: ConnectionFlags,
): Promise<Emulator> {
  // Loaded on demand: only --emulator needs it.
  const { startEmulator } = await import('../../emulator/index.js');
  const options = {
    buckets,
    ...(dir === undefined ? {} : { dir }),
    ...(fault === undefined ? {} : { faults: fault }),
    ...(seed === undefined ? {} : { seed }),
  };
  try {
    return await startEmulator(options);
  } catch (error) {
    throw startFailure(error);
  }
}

/** Invalid values are usage errors; an unavailable folder or port is a configuration error. */
export function startFailure(error: unknown): Error {
  const { message } = error as Error;
  const isUsage = error instanceof TypeError || error instanceof RangeError;
  return isUsage ? new UsageError(message) : new ConfigurationError(message, { cause: error });
}

function assertConsistent(flags: ConnectionFlags): void {
  const { emulator, endpoint, region, internal, addressing, credentials } = flags;
  const { requestTimeout = 60_000 } = flags;
  if (requestTimeout < 1 || requestTimeout > longestTimer) {
    throw new UsageError(`--request-timeout must be from 1ms to 596h: it is ${requestTimeout}ms.`);
  }
  if (emulator === true) {
    const elsewhere = { region, endpoint, internal, addressing, credentials };
    const [name] = Object.entries(elsewhere).find(([, value]) => value !== undefined) ?? [];
    if (name !== undefined) {
      throw new UsageError(`--emulator and --${name} exclude each other.`);
    }
    return;
  }
  for (const name of ['dir', 'fault', 'seed'] as const) {
    if (flags[name] !== undefined) throw new UsageError(`--${name} needs --emulator.`);
  }
}

/** Rethrows every error of `create` as a {@link ConfigurationError} that names flags, not options. */
function configured<Result>(create: () => Result): Result {
  try {
    return create();
  } catch (error) {
    const message = (error as Error).message.replaceAll(
      /'(region|endpoint|internal|addressing)'/g,
      '--$1',
    );
    throw new ConfigurationError(message, { cause: error });
  }
}

/**
 * Parses the name of a module; a relative path is resolved against the working directory.
 *
 * @throws {InvalidArgumentError} If `text` cannot name a module.
 */
function parseModule(text: string): CredentialsModule {
  const module = /^\.{1,2}[\\/]/.test(text) ? resolve(text) : text;
  try {
    loadedCredentials({ module }, 'load credentials');
  } catch {
    throw new InvalidArgumentError(
      'It must be a path that begins with "./", "../" or "/", a file: URL, or the name of a package.',
    );
  }
  return { module };
}

/** @throws {InvalidArgumentError} If `text` is not a whole number. */
export function parseInteger(text: string): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}
