import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AppendWritableOptions } from '../../stream/options.js';
import { parseByteSize } from './byte-size.js';
import { type ConnectionFlags, parseInteger } from './connection-options.js';
import { parseDelimiter } from './delimiter.js';
import { parseDuration, parseEndlessDuration } from './duration.js';

type Retry = NonNullable<AppendWritableOptions['retry']>;

/** Flags that become options of the stream. */
export interface AppendFlags
  extends Pick<
      AppendWritableOptions,
      | 'flags'
      | 'position'
      | 'chunkSize'
      | 'flushInterval'
      | 'recordDelimiter'
      | 'seal'
      | 'highWaterMark'
      | 'verify'
      | 'contentType'
      | 'cacheControl'
      | 'contentDisposition'
      | 'contentEncoding'
      | 'expires'
      | 'acl'
      | 'storageClass'
      | 'tagging'
      | 'serverSideEncryption'
    >,
    Pick<Retry, 'minTimeout' | 'maxTimeout' | 'maxRetryTime' | 'retries'> {
  readonly meta?: Readonly<Record<string, string>>;
}

/** Adds the flags that become options of the stream. */
export function addAppendOptions(command: Command): Command {
  command
    .optionsGroup('How it is appended:')
    .option('--chunk-size <size>', 'bytes per append, at most (default: 4MiB)', parseByteSize)
    .option('--flush-interval <time>', 'longest wait of a byte (default: 1s)', parseEndlessDuration)
    .option('--seal', 'seal the object when everything is committed')
    .option('--record-delimiter <text>', 'append whole records only: "\\n"', parseDelimiter)
    .option(
      '--high-water-mark <size>',
      'bytes in memory, at most (default: 4 chunks)',
      parseByteSize,
    )
    .addOption(
      new Option('--flags <flags>', 'append, or fail if object exists').choices(['a', 'ax']),
    )
    .option('--position <bytes>', 'fail unless the object has this length', parseByteSize);
  return addDeliveryOptions(command);
}

/** Adds the flags that `replay` accepts too. */
export function addDeliveryOptions(command: Command): Command {
  return command
    .optionsGroup('How it is appended:')
    .addOption(new Option('--verify <how>', 'compare checksums').choices(['crc64', 'none']))
    .option('--retries <number>', 'retries of one chunk (default: 10)', parseRetries)
    .option('--min-timeout <time>', 'wait before the first retry (default: 200ms)', parseDuration)
    .option('--max-timeout <time>', 'longest wait before a retry (default: 20s)', parseDuration)
    .option('--max-retry-time <time>', 'longest time for one chunk', parseDuration)
    .optionsGroup('Attributes of a new object:')
    .option('--content-type <type>', 'MIME type')
    .option('--cache-control <value>', 'how long it may be cached')
    .option('--content-disposition <value>', 'how browsers show it')
    .option('--content-encoding <value>', 'encoding of the content')
    .option('--expires <date>', 'when caches drop it', parseDate)
    .addOption(
      new Option('--acl <acl>', 'access').choices([
        'default',
        'private',
        'public-read',
        'public-read-write',
      ]),
    )
    .addOption(
      new Option('--storage-class <class>', 'class').choices(['Standard', 'IA', 'Archive']),
    )
    .option('--meta <name=value>', 'user metadata; repeatable', collectPair)
    .option('--tagging <name=value>', 'tag; repeatable', collectPair)
    .addOption(
      new Option('--server-side-encryption <how>', 'encryption').choices(['AES256', 'KMS', 'SM4']),
    );
}

/** Converts flags to options of the stream. */
export function streamOptions(
  flags: AppendFlags & ConnectionFlags,
): Omit<AppendWritableOptions, 'key' | 'client'> {
  const { retries, minTimeout, maxTimeout, maxRetryTime, meta } = flags;
  const { flags: openFlags, position, chunkSize, flushInterval, highWaterMark, verify } = flags;
  const { seal, recordDelimiter, requestTimeout, requestPayer, trafficLimit } = flags;
  const { serverSideEncryption } = flags;
  const { contentType, cacheControl, contentDisposition, contentEncoding, expires } = flags;
  const { acl, storageClass, tagging } = flags;
  const retry = Object.entries({ retries, minTimeout, maxTimeout, maxRetryTime });
  return {
    flags: openFlags,
    position,
    chunkSize,
    flushInterval,
    recordDelimiter,
    seal,
    highWaterMark,
    verify,
    requestTimeout,
    requestPayer,
    trafficLimit,
    serverSideEncryption,
    contentType,
    cacheControl,
    contentDisposition,
    contentEncoding,
    expires,
    acl,
    storageClass,
    tagging,
    metadata: meta,
    retry: Object.fromEntries(retry.filter(([, value]) => value !== undefined)),
  };
}

function parseRetries(text: string): number {
  return text === 'Infinity' ? Number.POSITIVE_INFINITY : parseInteger(text);
}

function parseDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('It must be a date, such as 2027-01-31T12:00:00Z.');
  }
  return date;
}

function collectPair(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must be of the form NAME=VALUE.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}
