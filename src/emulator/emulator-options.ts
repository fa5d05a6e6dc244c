import type { EmulatorCredentials } from './authorization/authorization.js';
import type { Fault } from './faults/fault.js';
import { isBucketName } from './objects/bucket-name.js';
import type { FileSystem } from './storage/file-system.js';

export interface EmulatorOptions {
  /**
   * Address to listen on. Any other than loopback is reachable from the network.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;

  /**
   * Port to listen on; `0` picks a free one.
   *
   * @default 0
   */
  readonly port?: number;

  /**
   * Folder for the objects, on disk or in `fs`; only one emulator at a time can use one on disk.
   * Default: memory if the package memfs is installed, otherwise a temporary folder.
   */
  readonly dir?: string;

  /** File system for the objects, such as `node:fs` or a memfs volume. */
  readonly fs?: FileSystem;

  /**
   * The only key pair accepted; `null` or `{}` disables the check of signatures.
   *
   * @default { accessKeyId: 'emulator', accessKeySecret: 'emulator' }
   */
  readonly credentials?: EmulatorCredentials | Readonly<Record<string, never>> | null;

  /**
   * Region that signatures must name, with or without the prefix `oss-`.
   *
   * @default 'cn-hangzhou'
   */
  readonly region?: string;

  /**
   * Buckets that exist from the start.
   *
   * @default ['examplebucket']
   */
  readonly buckets?: readonly string[];

  /** Faults present from the start. Default: none. */
  readonly faults?: readonly Fault[];

  /**
   * Integer seed for the `probability` of faults: the same seed gives the same random numbers.
   *
   * @default 0
   */
  readonly seed?: number;
}

export interface ResolvedEmulatorOptions {
  readonly host: string;
  readonly port: number;
  readonly dir: string | undefined;
  readonly fs: FileSystem | undefined;
  readonly credentials: EmulatorCredentials;
  readonly checksSignatures: boolean;
  readonly region: string;
  readonly buckets: readonly string[];
  readonly faults: readonly Fault[];
  readonly seed: number;
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If a value is out of range.
 */
export function resolveEmulatorOptions(options: EmulatorOptions): ResolvedEmulatorOptions {
  const {
    host = '127.0.0.1',
    port = 0,
    dir,
    fs,
    credentials = defaultCredentials,
    region = 'cn-hangzhou',
    buckets = ['examplebucket'],
    faults = [],
    seed = 0,
  } = options;
  assertText('host', host);
  if (dir !== undefined) assertText('dir', dir);
  assertText('region', region);
  assertInteger('port', port, { minimum: 0, maximum: 65_535 });
  assertInteger('seed', seed, {
    minimum: Number.MIN_SAFE_INTEGER,
    maximum: Number.MAX_SAFE_INTEGER,
  });
  if (fs !== undefined && typeof fs?.promises?.open !== 'function') {
    throw invalidType('fs', "a module shaped like 'node:fs'", fs);
  }
  assertList('buckets', buckets);
  assertList('faults', faults);
  for (const bucket of buckets) assertBucketName('buckets', bucket);
  // An array, a date or a map would have no fields, and so disable the check.
  if (credentials !== null && Object.prototype.toString.call(credentials) !== '[object Object]') {
    throw invalidType('credentials', 'an object', credentials);
  }
  const checksSignatures = credentials !== null && Object.keys(credentials).length > 0;
  return {
    host,
    port,
    dir,
    fs,
    buckets,
    faults,
    seed,
    checksSignatures,
    credentials: checksSignatures ? readCredentials(credentials) : defaultCredentials,
    region: region.replace(/^oss-/, ''),
  };
}

/** @throws {TypeError | RangeError} If `name` is not a valid bucket name. */
export function assertBucketName(option: string, name: string): void {
  assertText(option, name);
  if (isBucketName(name)) return;
  throw new RangeError(
    `Cannot start an emulator as '${option}' must be 3 to 63 of a-z, 0-9 and '-', and not begin or end with '-': current value is '${name}'`,
  );
}

const defaultCredentials: EmulatorCredentials = {
  accessKeyId: 'emulator',
  accessKeySecret: 'emulator',
};

function readCredentials(value: Partial<EmulatorCredentials>): EmulatorCredentials {
  const { accessKeyId, accessKeySecret, securityToken } = value;
  assertText('credentials.accessKeyId', accessKeyId);
  assertText('credentials.accessKeySecret', accessKeySecret);
  if (securityToken === undefined) return { accessKeyId, accessKeySecret };
  assertText('credentials.securityToken', securityToken);
  return { accessKeyId, accessKeySecret, securityToken };
}

function assertText(option: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '') return;
  throw invalidType(option, 'a non-empty string', value);
}

function assertList(option: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalidType(option, 'an array', value);
}

interface IntegerRange {
  readonly minimum: number;
  readonly maximum: number;
}

function assertInteger(option: string, value: unknown, { minimum, maximum }: IntegerRange): void {
  if (typeof value !== 'number') throw invalidType(option, 'an integer', value);
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw new RangeError(
    `Cannot start an emulator as '${option}' must be an integer from ${minimum} to ${maximum}: current value is ${value}`,
  );
}

function invalidType(option: string, rule: string, value: unknown): TypeError {
  return new TypeError(
    `Cannot start an emulator as '${option}' must be ${rule}: current value is ${String(value)}`,
  );
}
