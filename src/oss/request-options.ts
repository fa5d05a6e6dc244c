import type { RequestOptions } from '../append/append-client.js';
import type { RetryOptions } from '../append/retry-policy.js';
import {
  assertInteger,
  assertNumber,
  assertOneOf,
  assertOptionalBoolean,
  isRecord,
  longestTimer,
  typeError,
} from '../assertions.js';
import { warnOfUnknown } from '../option-warnings.js';
import type { OssClientOptions } from './client-options.js';

/** The client to use, or the options to create one. */
export type ChosenClient<Client> =
  | { readonly given: Client }
  | { readonly options: OssClientOptions };

/** What a stream needs to send requests. */
export interface ResolvedRequests<Client> {
  readonly client: ChosenClient<Client>;
  readonly requestTimeout: number;
  readonly retry: RetryOptions;
  readonly request: Pick<RequestOptions, 'requestPayer' | 'trafficLimit'>;
}

/** The options of a stream that concern its requests. */
export interface StreamRequestOptions<Client>
  extends Omit<OssClientOptions, 'bucket'>,
    Pick<RequestOptions, 'requestPayer' | 'trafficLimit'> {
  readonly bucket?: string | undefined;
  readonly client?: Client | undefined;
  readonly retry?: RetryOptions | undefined;
}

/** Options of a client that it has of its own, if it is given. */
const clientOptionNames = {
  bucket: true,
  region: true,
  endpoint: true,
  internal: true,
  addressing: true,
  credentials: true,
  dispatcher: true,
  proxy: true,
} satisfies Record<Exclude<keyof OssClientOptions, 'requestTimeout'>, true>;

/** Every option of {@link StreamRequestOptions}; the compiler checks that none is missing. */
export const requestOptionNames = {
  ...clientOptionNames,
  requestTimeout: true,
  client: true,
  retry: true,
  requestPayer: true,
  trafficLimit: true,
} satisfies Record<keyof StreamRequestOptions<unknown>, true>;

const retryOptionNames = [
  'retries',
  'minTimeout',
  'maxTimeout',
  'factor',
  'randomize',
  'maxRetryTime',
  'unref',
] as const satisfies (keyof RetryOptions)[];

/**
 * Checks the options of a stream that concern its requests, and applies their defaults.
 *
 * @param methods Methods of a given client without which the stream cannot work.
 * @throws {TypeError} If one is of the wrong type or shape.
 * @throws {RangeError} If one is out of range.
 */
export function resolveRequests<Client extends object>(
  act: string,
  options: StreamRequestOptions<Client>,
  methods: readonly (keyof Client)[],
): ResolvedRequests<Client> {
  const { requestTimeout = 60_000, requestPayer, trafficLimit } = options;
  assertInteger(act, 'requestTimeout', requestTimeout, 1, longestTimer);
  if (requestPayer !== undefined) assertOneOf(act, 'requestPayer', requestPayer, ['requester']);
  if (trafficLimit !== undefined)
    assertInteger(act, 'trafficLimit', trafficLimit, 245_760, 838_860_800);
  return {
    client: chooseClient(act, options, requestTimeout, methods),
    requestTimeout,
    retry: resolveRetry(act, options.retry),
    request: { requestPayer, trafficLimit },
  };
}

function resolveRetry(act: string, retry: RetryOptions | undefined): RetryOptions {
  if (retry !== undefined && !isRecord(retry)) {
    throw typeError(act, 'retry', 'an object', retry);
  }
  warnOfUnknown('retry', retry ?? {}, retryOptionNames);
  const { retries = 10, minTimeout = 200, maxTimeout = 20_000, factor = 2 } = retry ?? {};
  const { randomize = true, maxRetryTime = Number.POSITIVE_INFINITY, unref = false } = retry ?? {};
  if (retries !== Number.POSITIVE_INFINITY) {
    assertInteger(act, 'retry.retries', retries, 0, Number.MAX_SAFE_INTEGER);
  }
  assertNumber(act, 'retry.minTimeout', minTimeout, 0, longestTimer);
  assertNumber(act, 'retry.maxTimeout', maxTimeout, 0, longestTimer);
  assertNumber(act, 'retry.factor', factor, 0, Number.MAX_SAFE_INTEGER);
  assertNumber(act, 'retry.maxRetryTime', maxRetryTime, 0, Number.POSITIVE_INFINITY);
  assertOptionalBoolean(act, 'retry.randomize', randomize);
  assertOptionalBoolean(act, 'retry.unref', unref);
  return { retries, minTimeout, maxTimeout, factor, randomize, maxRetryTime, unref };
}

function chooseClient<Client extends object>(
  act: string,
  options: StreamRequestOptions<Client>,
  requestTimeout: number,
  methods: readonly (keyof Client)[],
): ChosenClient<Client> {
  const { client } = options;
  const names = Object.keys(clientOptionNames) as (keyof typeof clientOptionNames)[];
  const given = names.filter((name) => options[name] !== undefined);
  if (client === undefined) {
    const picked = Object.fromEntries(given.map((name) => [name, options[name]]));
    // `Object.fromEntries()` loses the types; the client checks the values.
    return { options: { ...picked, requestTimeout } as unknown as OssClientOptions };
  }
  if (given.length > 0) {
    throw new TypeError(
      `Cannot ${act} with both 'client' and '${given[0]}': the client has its own`,
    );
  }
  // The message does not show the value: it may contain secrets.
  const isObject = typeof client === 'object' && client !== null;
  if (!isObject || methods.some((name) => typeof client[name] !== 'function')) {
    throw new TypeError(`Cannot ${act} as 'client' must be an AppendClient`);
  }
  return { given: client };
}
