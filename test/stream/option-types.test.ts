// Options as a program without TypeScript might pass them: of types that their declarations exclude.
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type EmulatorOptions, startEmulator } from '../../src/emulator/index.js';
import {
  AppendReadable,
  type AppendReadableOptions,
  AppendWritable,
  type AppendWritableOptions,
  type ConvertOptions,
  convertToAppendable,
  OssClient,
  type OssClientOptions,
} from '../../src/index.js';
import openPinoTransport, { type PinoTransportOptions } from '../../src/pino.js';
import { AppendTransport, type AppendTransportOptions } from '../../src/winston.js';

/** Values of each type. Those that are falsy must not be taken for none. */
const values = {
  null: [null],
  boolean: [true, false],
  number: [5, 0, Number.NaN],
  bigint: [5n],
  string: ['text', ''],
  symbol: [Symbol('of a test')],
  function: [() => {}],
  array: [[]],
  object: [{}],
  instance: [new Map(), new Date(0)],
};

type Type = keyof typeof values;

/** The types that each option may be of; the compiler checks that none is missing. */
type Types<Options> = Readonly<Record<keyof Options, readonly Type[]>>;

const ofClients: Types<OssClientOptions> = {
  bucket: ['string'],
  region: ['string'],
  endpoint: ['string'],
  internal: ['boolean'],
  addressing: ['string'],
  credentials: ['object', 'function'],
  dispatcher: ['object'],
  proxy: ['string'],
  requestTimeout: ['number'],
};

const ofConversions: Types<ConvertOptions> = {
  ...ofClients,
  client: ['object'],
  retry: ['object'],
  requestPayer: ['string'],
  trafficLimit: ['number'],
  contentType: ['string'],
  cacheControl: ['string'],
  contentDisposition: ['string'],
  contentEncoding: ['string'],
  expires: ['instance'],
  acl: ['string'],
  storageClass: ['string'],
  metadata: ['object'],
  tagging: ['object'],
  serverSideEncryption: ['string'],
  key: ['string'],
  chunkSize: ['number'],
  highWaterMark: ['number'],
  verify: ['string'],
  signal: ['instance'],
  onProgress: ['function'],
};

const { onProgress: _, ...ofBoth } = ofConversions;

const ofWriters: Types<AppendWritableOptions> = {
  ...ofBoth,
  key: ['string', 'function'],
  flags: ['string'],
  position: ['number'],
  flushInterval: ['number'],
  recordDelimiter: ['string', 'boolean'],
  rollover: ['object', 'boolean'],
  conflict: ['string'],
  seal: ['boolean'],
  // As Node itself, which takes null for none.
  defaultEncoding: ['string', 'null'],
  emitClose: ['boolean'],
  autoDestroy: ['boolean'],
  captureRejections: ['boolean'],
};

const ofPino: Types<PinoTransportOptions> = {
  ...ofWriters,
  overflow: ['object'],
  shutdownTimeout: ['number'],
  fallback: ['string', 'boolean'],
  events: ['boolean'],
};

const { events: __, ...ofLogs } = ofPino;

const ofWinston: Types<AppendTransportOptions> = {
  ...ofLogs,
  eol: ['string'],
  format: ['object'],
  level: ['string'],
  silent: ['boolean'],
  handleExceptions: ['boolean'],
  handleRejections: ['boolean'],
};

const ofReaders: Types<AppendReadableOptions> = {
  ...ofClients,
  client: ['object'],
  retry: ['object'],
  requestPayer: ['string'],
  trafficLimit: ['number'],
  key: ['string'],
  start: ['number', 'object'],
  end: ['number'],
  follow: ['object', 'boolean'],
  rollover: ['object', 'boolean'],
  lag: ['number'],
  highWaterMark: ['number'],
  signal: ['instance'],
  encoding: ['string'],
  emitClose: ['boolean'],
  autoDestroy: ['boolean'],
  captureRejections: ['boolean'],
};

const ofEmulators: Types<EmulatorOptions> = {
  host: ['string'],
  port: ['number'],
  dir: ['string'],
  fs: ['object'],
  // Without credentials it checks no signature.
  credentials: ['object', 'null'],
  region: ['string'],
  buckets: ['array'],
  faults: ['array'],
  seed: ['number'],
};

/** Fields of options. */
const ofCreation: Record<string, readonly Type[]> = {
  'metadata.name': ['string'],
  'tagging.name': ['string'],
};
const ofRetries: Record<string, readonly Type[]> = {
  'retry.retries': ['number'],
  'retry.minTimeout': ['number'],
  'retry.maxTimeout': ['number'],
  'retry.factor': ['number'],
  'retry.randomize': ['boolean'],
  'retry.maxRetryTime': ['number'],
  'retry.unref': ['boolean'],
};
const ofRollovers: Record<string, readonly Type[]> = {
  'rollover.interval': ['string', 'number'],
  'rollover.timeZone': ['string'],
  'rollover.maxSize': ['number'],
};
const ofOverflows: Record<string, readonly Type[]> = {
  'overflow.maxLength': ['number'],
  'overflow.policy': ['string'],
  'overflow.marker': ['string', 'boolean'],
};
const ofFollowing: Record<string, readonly Type[]> = {
  'follow.pollInterval': ['number'],
  'follow.maxPollInterval': ['number'],
  'start.position': ['number'],
  'start.key': ['string'],
};
const ofKeyPairs: Record<string, readonly Type[]> = {
  'credentials.accessKeyId': ['string'],
  'credentials.accessKeySecret': ['string'],
  'credentials.securityToken': ['string'],
};

const credentials = { accessKeyId: 'a', accessKeySecret: 'b' };
const connection = { endpoint: 'http://127.0.0.1:1', region: 'cn-hangzhou', bucket: 'abc' };
const valid = { ...connection, credentials };

/** Options that go with each other are given together, and others left out. */
const context: Record<string, object> = {
  client: { ...Object.fromEntries(Object.keys(valid).map((name) => [name, undefined])) },
  'start.key': { rollover: true, start: { position: 0 } },
  'start.position': { rollover: true, start: { key: 'k' } },
  'rollover.interval': { key: '{YYYY}{MM}{DD}{HH}.log' },
};

const constructors: {
  readonly name: string;
  readonly types: Readonly<Record<string, readonly Type[]>>;
  readonly base?: object;
  readonly make: (options: never) => unknown;
}[] = [
  {
    name: 'OssClient',
    types: { ...ofClients, ...ofKeyPairs },
    make: (options) => new OssClient(options),
  },
  {
    name: 'AppendWritable',
    types: { ...ofWriters, ...ofCreation, ...ofRetries, ...ofRollovers, ...ofKeyPairs },
    make: (options) => new AppendWritable(options).destroy(),
  },
  {
    name: 'the pino transport',
    types: { ...ofPino, ...ofRetries, ...ofRollovers, ...ofOverflows, ...ofKeyPairs },
    base: { fallback: false },
    make: async (options) => (await openPinoTransport(options)).destroy(),
  },
  {
    name: 'the winston transport',
    types: { ...ofWinston, ...ofRetries, ...ofRollovers, ...ofOverflows, ...ofKeyPairs },
    base: { fallback: false },
    make: (options) => new AppendTransport(options).destroy(),
  },
  {
    name: 'AppendReadable',
    types: { ...ofReaders, ...ofFollowing, ...ofRetries, ...ofRollovers, ...ofKeyPairs },
    make: (options) => new AppendReadable(options).destroy(),
  },
  {
    name: 'convertToAppendable()',
    types: { ...ofConversions, ...ofCreation, ...ofRetries, ...ofKeyPairs },
    make: (options) => convertToAppendable({ key: 'source' }, options),
  },
  {
    name: 'startEmulator()',
    types: { ...ofEmulators, ...ofKeyPairs },
    make: async (options) => (await startEmulator(options)).close(),
  },
];

/** `options` with `value` under `name`, which may be that of a field: `retry.factor`. */
function withValue(options: object, name: string, value: unknown): object {
  const [option = '', field] = name.split('.');
  if (field === undefined) return { ...options, [option]: value };
  return { ...options, [option]: { ...Reflect.get(options, option), [field]: value } };
}

describe('an option of the wrong type is a TypeError that names it', () => {
  test.each(constructors)('$name', async ({ name: subject, types, base, make }) => {
    const accepted: string[] = [];
    for (const [name, allowed] of Object.entries(types)) {
      const wrong = Object.entries(values).filter(([type]) => !allowed.includes(type as Type));
      for (const value of wrong.flatMap(([, some]): unknown[] => some)) {
        const plain = subject === 'startEmulator()' ? { credentials } : { ...valid, key: 'k' };
        const given = { ...plain, retry: { retries: 0 }, ...base, ...context[name] };
        const failure = await Promise.resolve()
          .then(() => make(withValue(given, name, value) as never))
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        const [option = name] = name.split('.');
        const isRefused = failure instanceof TypeError && failure.message.includes(option);
        if (!isRefused) accepted.push(`${name}: ${inspect(value)}: ${failure}`);
      }
    }

    expect(accepted).toEqual([]);
  });
});
