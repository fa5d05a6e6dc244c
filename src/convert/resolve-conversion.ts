import type { AppendClient, ObjectCreation } from '../append/append-client.js';
import { typeError } from '../assertions.js';
import { OssClient, type OssClientOptions } from '../oss/oss-client.js';
import { assertObjectKey } from '../oss/request/object-key.js';
import { creationOptionNames, resolveCreation } from '../stream/creation-options.js';
import { appendOptionNames } from '../stream/option-names.js';
import { type AppendWritableOptions, resolveOptions } from '../stream/options.js';
import {
  type ConvertOptions,
  type ConvertProgress,
  type ConvertSource,
  streamOptionNames,
} from './convert-options.js';
import type { AccessOptions, ObjectPlace } from './object-access.js';

export interface ResolvedConversion {
  readonly source: ObjectPlace;
  readonly target: ObjectPlace;

  /** Clients that were created for this conversion. */
  readonly ownClients: readonly AppendClient[];

  /** For requests other than appends. */
  readonly access: Omit<AccessOptions, 'signal'>;

  /** What the new object gets, whatever the source has. */
  readonly creation: ObjectCreation;

  /** For the stream, without client and key. */
  readonly append: Omit<AppendWritableOptions, 'key'>;
  readonly onProgress: (progress: ConvertProgress) => void;
}

const act = 'convert';

/**
 * Checks the options and creates the clients that are not given.
 *
 * @throws {TypeError} If an option is of the wrong type, does not apply, or both objects are the
 *   same.
 * @throws {RangeError} If an option is out of range.
 */
export function resolveConversion(
  source: ConvertSource,
  options: ConvertOptions,
): ResolvedConversion {
  assertApplicable(options);
  const { key, signal, onProgress = () => {} } = options;
  if (typeof key !== 'string') throw typeError(act, 'key', 'a string', key);
  const { appender, client } = resolveOptions(options, act);
  if (typeof onProgress !== 'function') {
    throw typeError(act, 'onProgress', 'a function', onProgress);
  }
  assertSource(source, options);
  const creation = resolveCreation(act, options);
  const target = 'given' in client ? client.given : new OssClient(client.options, act);
  const reading = clientOfSource(source, options, target);
  const { chunkSize, highWaterMark, verify, retry } = options;
  const { requestTimeout } = appender;
  const { requestPayer, trafficLimit } = options;
  return {
    source: { client: reading, key: source.key },
    target: { client: target, key },
    ownClients: [target, reading].filter((it) => it !== options.client && it !== source.client),
    access: { retry: appender.retry, requestTimeout, request: { requestPayer, trafficLimit } },
    creation,
    append: {
      chunkSize,
      highWaterMark,
      verify,
      retry,
      requestTimeout,
      requestPayer,
      trafficLimit,
      signal,
    },
    onProgress,
  };
}

/** Other options of a stream would be ignored, or contradict what a conversion does. */
function assertApplicable(options: ConvertOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw typeError(act, 'options', 'an object', options);
  }
  const applicable = { key: true, ...streamOptionNames, ...creationOptionNames };
  for (const name of appendOptionNames) {
    const value = Reflect.get(options, name);
    if (value === undefined || Object.hasOwn(applicable, name)) continue;
    throw typeError(act, name, 'left out, as it does not apply to a conversion', value);
  }
}

function assertSource(source: ConvertSource, options: ConvertOptions): void {
  if (typeof source !== 'object' || source === null) {
    throw typeError(act, 'source', 'an object', source);
  }
  const { key, bucket, client } = source;
  assertObjectKey(key, act);
  if (client !== undefined && typeof client?.getObject !== 'function') {
    // The message does not show the value: it may contain secrets.
    throw new TypeError(`Cannot ${act} as 'source.client' must be an AppendClient`);
  }
  if (bucket !== undefined && (client ?? options.client) !== undefined) {
    throw typeError(act, 'source.bucket', "left out with a 'client', which has its own", bucket);
  }
  if (bucket !== undefined && bucket !== options.bucket && options.addressing === 'cname') {
    const rule = "left out with 'addressing: cname', whose endpoint belongs to one bucket";
    throw typeError(act, 'source.bucket', rule, bucket);
  }
  const isSameBucket = bucket === undefined || bucket === options.bucket;
  const isSameStore = client === undefined ? isSameBucket : client === options.client;
  if (isSameStore && key === options.key) {
    throw typeError(act, 'source.key', 'another key than that of the new object', key);
  }
}

function clientOfSource(
  { bucket, client }: ConvertSource,
  options: ConvertOptions,
  target: AppendClient,
): AppendClient {
  if (client !== undefined) return client;
  if (bucket === undefined || bucket === options.bucket) return target;
  const { region, endpoint, internal, addressing, credentials } = options;
  const { dispatcher, proxy, requestTimeout } = options;
  const connection = { region, endpoint, internal, addressing, credentials, dispatcher, proxy };
  const clientOptions: OssClientOptions = { bucket, ...connection, requestTimeout };
  return new OssClient(clientOptions, act);
}
