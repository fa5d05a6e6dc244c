import { setMaxListeners } from 'node:events';
import { isIPv6 } from 'node:net';
import { loadCrc64 } from '../crc64.js';
import type { EmulatorCredentials } from './authorization/authorization.js';
import { Clock } from './clock.js';
import type { RequestRecord } from './emulation.js';
import {
  assertBucketName,
  type EmulatorOptions,
  type ResolvedEmulatorOptions,
  resolveEmulatorOptions,
} from './emulator-options.js';
import type { Fault } from './faults/fault.js';
import { FaultList } from './faults/faults.js';
import { createSeededRandom } from './faults/seeded-random.js';
import { ObjectStore } from './objects/object-store.js';
import { EmulatorServer } from './server.js';
import { SlabPool } from './storage/slab-pool.js';
import { openStorage, type Storage } from './storage/storage.js';

/** A running emulator. */
export interface Emulator extends AsyncDisposable {
  /** `http://HOST:PORT`. */
  readonly endpoint: string;
  readonly region: string;

  /** Credentials for clients. */
  readonly credentials: EmulatorCredentials;
  readonly faults: EmulatorFaults;

  /** Names of the existing buckets, in order. */
  readonly buckets: readonly string[];

  /**
   * Folder on disk that holds the objects: the option `dir`, or a temporary folder if the package
   * memfs is not installed. `undefined` if objects are in memory or in the option `fs`.
   */
  readonly dir: string | undefined;

  /**
   * Log of requests, oldest first; an entry is added just before the answer is sent. Only the
   * newest 100,000 are kept.
   */
  readonly requests: RequestRecord[];

  /** Creates a bucket, if it does not exist. */
  createBucket(name: string): Promise<void>;

  /**
   * Reads a whole object, unaffected by faults.
   *
   * @throws {Error} If it does not exist.
   */
  read(bucket: string, key: string): Promise<Buffer>;

  /** Destroys all connections, discards requests not applied yet, and frees the port. */
  close(): Promise<void>;
}

/** The faults that apply to requests. */
export interface EmulatorFaults {
  /**
   * Adds a fault after the existing ones.
   *
   * @returns A function that removes it again.
   * @throws {TypeError} If a field has the wrong type, or `kind` or `operation` is unknown.
   * @throws {RangeError} If a number is out of range.
   */
  add(fault: Fault): () => void;

  /** Removes all faults and resets the clock. */
  clear(): void;
}

/**
 * Starts a local OSS. It checks signatures, stores objects in memory or in a folder, answers like
 * OSS, and injects faults.
 *
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If a value is out of range.
 * @throws {Error} If the port is in use, or another process uses `dir`.
 *
 * @example
 * ```ts
 * await using emulator = await startEmulator();
 * emulator.faults.add({ kind: 'drop-answer', operation: 'append', nth: 2 });
 * // … point a client at emulator.endpoint, emulator.region, emulator.credentials
 * const content = await emulator.read('examplebucket', 'a.log');
 * ```
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const resolved = resolveEmulatorOptions(options);
  const storage = await openStorage(resolved);
  try {
    return await startOn(storage, resolved);
  } catch (error) {
    await storage.dispose();
    throw error;
  }
}

async function startOn(storage: Storage, resolved: ResolvedEmulatorOptions): Promise<Emulator> {
  const { host, region, credentials } = resolved;
  const faults = new FaultList(createSeededRandom(resolved.seed));
  for (const fault of resolved.faults) faults.add(fault);

  const objects = await ObjectStore.open(storage.files, storage.root);
  for (const bucket of resolved.buckets) await objects.createBucket(bucket);

  const clock = new Clock();
  const requests: RequestRecord[] = [];
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // Each request delayed by a fault adds a listener.
  const server = new EmulatorServer({
    host,
    region,
    objects,
    faults,
    clock,
    credentials: resolved.checksSignatures ? credentials : undefined,
    crc64: await loadCrc64(),
    slabs: new SlabPool(),
    signal: closing.signal,
    record: (request) => addRecord(requests, request),
  });
  const port = await server.listen(resolved.port, host);

  let closed: Promise<void> | undefined;
  const close = () => {
    closing.abort();
    closed ??= server.close().then(storage.dispose);
    return closed;
  };
  return {
    endpoint: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    region,
    credentials,
    requests,
    close,
    dir: storage.dir,
    get buckets() {
      return objects.buckets;
    },
    faults: {
      add: (fault) => faults.add(fault),
      clear: () => {
        faults.clear();
        clock.reset();
      },
    },
    createBucket: async (name) => {
      assertBucketName('name', name);
      await objects.createBucket(name);
    },
    read: (bucket, key) => readObject(objects, bucket, key),
    [Symbol.asyncDispose]: close,
  };
}

const maxRecords = 100_000;

function addRecord(requests: RequestRecord[], request: RequestRecord): void {
  // Remove a tenth at once, because removing from the front moves all other entries.
  if (requests.length >= maxRecords) requests.splice(0, maxRecords / 10);
  requests.push(request);
}

async function readObject(objects: ObjectStore, bucket: string, key: string): Promise<Buffer> {
  if (objects.findBucket(bucket) === undefined) throw new Error(`Cannot find bucket "${bucket}"`);
  const record = objects.find(bucket, key);
  if (record === undefined) throw new Error(`Cannot read "${key}": there is no such object`);
  const pieces: Buffer[] = [];
  for await (const piece of objects.read(bucket, key, { start: 0, end: record.length })) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
