import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { longestTimer } from '../../assertions.js';
import type { OssClient } from '../../oss/oss-client.js';
import { resolveRequests } from '../../oss/request-options.js';
import { AppendReadable } from '../../read/append-readable.js';
import { findLastPlace } from '../../read/follow/find-last-place.js';
import { findLastLines } from '../../read/last-lines.js';
import { type ReadClient, ReadRequests } from '../../read/read-requests.js';
import type { AppendReadableOptions } from '../../read/readable-options.js';
import { resolveSeries } from '../../read/resolve-series.js';
import { skipLines } from '../../read/skip-lines.js';
import type { FollowedSeries } from '../../rollover/followed-series.js';
import { nodeTimers } from '../../timers/node-timers.js';
import { exitCode, UsageError } from '../exit-code.js';
import { parseByteSize } from '../flags/byte-size.js';
import {
  addConnectionOptions,
  type ConnectionFlags,
  parseInteger,
  withClient,
} from '../flags/connection-options.js';
import { parseDuration } from '../flags/duration.js';
import { checkFlags } from '../flags/flag-names.js';
import { type ObjectUrl, parseObjectUrl } from '../flags/object-url.js';
import { complain } from '../messages.js';
import { writeToStandardOutput } from '../output/standard-output.js';

/** The last lines, or those from one on, which is counted from 1. */
type Lines = { readonly last: number } | { readonly from: number };

interface Flags extends ConnectionFlags {
  readonly follow?: boolean;
  readonly pollInterval?: number;
  readonly lines?: Lines;
  readonly start?: number;
  readonly rollover?: boolean;
  readonly rolloverInterval?: 'hour' | 'day' | 'month';
  readonly timeZone?: string;
}

/** As for `cat`: nobody waits for long in front of a terminal. */
const retry = { retries: 3, minTimeout: 200 };

const tailHelp = `
With --rollover or --rollover-interval the key is the template that the writer
uses, and the last object is shown. With --follow its successors come next.`;

/** Adds `tail`, which writes the end of an object to standard output and may follow it. */
export function addTailCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('tail')
    .summary('write the last lines of an object, and follow it')
    .description(
      'Writes the last lines of an object to standard output. With --follow it goes on with what is appended, until the object is sealed.',
    )
    .argument('<oss://bucket/key>', 'object to read, or template of its keys')
    .showHelpAfterError('See oss-append tail --help.')
    .optionsGroup('Options:')
    .option('-f, --follow', 'wait for what is appended; also for the object')
    .option('--poll-interval <time>', 'how often to ask for more (default: 1s)', parseDuration)
    .option('-n, --lines <number>', 'last lines to show (default: 10); +5: from line 5', parseLines)
    .option('--start <bytes>', 'offset of the first byte, instead of --lines', parseByteSize)
    .optionsGroup('How the writer goes on to the next object:')
    .option('--rollover', 'when an object is full, sealed or at its size')
    .addOption(new Option('--rollover-interval <time>', 'each').choices(['hour', 'day', 'month']))
    .option('--time-zone <zone>', 'of hours, days and months (default: UTC)')
    .addHelpText('after', tailHelp);
  addConnectionOptions(command).action(async (href: string) => {
    done(await tail(parseObjectUrl(href), command.optsWithGlobals()));
  });
}

async function tail(url: ObjectUrl, flags: Flags): Promise<number> {
  if (flags.lines !== undefined && flags.start !== undefined) {
    throw new UsageError('--lines and --start exclude each other.');
  }
  const skipped = countSkipped(flags);
  const follow = followOptions(flags);
  const rollover = rolloverOptions(flags);
  const series = checkFlags(() => resolveSeries('read', { key: url.key, rollover }));
  return writeToStandardOutput(() =>
    withClient(url.bucket, flags, async (client) => {
      const requests = requestOptions(client, flags);
      const start = await findStart(requests, url, series, flags);
      if (start === undefined) {
        const name = series === undefined ? `The object ${url.href}` : `An object of ${url.href}`;
        // An object yet to come has no bytes before an offset that somebody has read up to.
        const isAwaited = follow && (series !== undefined || (flags.start ?? 0) === 0);
        complain(`${name} does not exist${isAwaited ? ' yet' : ''}.`);
        if (!isAwaited) return exitCode.failure;
      }
      if (start === 'beyond') return exitCode.success;
      // Where there was no object, the first one is next: another search might find a later one.
      const from = start ?? flags.start ?? 0;
      const how = { follow, rollover, ...requests };
      const reader = new AppendReadable({ key: url.key, start: from, ...how }, 'read');
      const filters = skipped === 0 ? [] : [skipLines(skipped)];
      await pipeline([reader, ...filters, process.stdout], { end: false });
      return exitCode.success;
    }),
  );
}

/** How the store is asked, before the stream reads and by the stream itself. */
function requestOptions(
  client: OssClient,
  { follow = false, requestTimeout, requestPayer, trafficLimit }: Flags,
) {
  const requests = { client, requestTimeout, requestPayer, trafficLimit };
  // Who follows a log has time to wait for the end of an outage.
  return follow ? requests : { ...requests, retry };
}

function followOptions({ follow = false, pollInterval }: Flags): AppendReadableOptions['follow'] {
  if (pollInterval === undefined) return follow;
  if (!follow) throw new UsageError('--poll-interval needs --follow.');
  if (pollInterval < 1 || pollInterval > longestTimer) {
    throw new UsageError(`--poll-interval must be from 1ms to 596h: it is ${pollInterval}ms.`);
  }
  return { pollInterval };
}

function rolloverOptions(flags: Flags): AppendReadableOptions['rollover'] {
  const { rollover = false, rolloverInterval: interval, timeZone } = flags;
  if (interval === undefined && !rollover) {
    if (timeZone !== undefined) {
      throw new UsageError('--time-zone needs --rollover or --rollover-interval.');
    }
    return false;
  }
  return { interval, timeZone };
}

/** How many lines to leave out at the beginning of the object. */
function countSkipped({ lines = { last: 10 }, rollover, rolloverInterval }: Flags): number {
  if ('last' in lines) return 0;
  for (const [name, value] of Object.entries({ rollover, 'rollover-interval': rolloverInterval })) {
    if (value === undefined) continue;
    throw new UsageError(
      `--lines +N and --${name} exclude each other: lines are counted in one object.`,
    );
  }
  return lines.from - 1;
}

/**
 * Where to begin to read; `undefined` if there is no object, `'beyond'` if it ends before `start`
 * and is not followed: as with `tail -c`, that is no error.
 */
async function findStart(
  options: ReturnType<typeof requestOptions>,
  url: ObjectUrl,
  series: FollowedSeries | undefined,
  { follow = false, lines = { last: 10 }, start }: Flags,
): Promise<AppendReadableOptions['start'] | 'beyond'> {
  const { client } = options;
  const requests = new ReadRequests({
    ...resolveRequests<ReadClient>('read', options, ['headObject', 'getObject']),
    client,
    signal: new AbortController().signal,
    onRetry: () => {},
  });
  const key = series === undefined ? url.key : await findLastKey(requests, series);
  const state = key === undefined ? undefined : await requests.head(key, 0);
  if (key === undefined || state === undefined) return undefined;
  // From the first object of the period, as the stream reads it.
  if (start === 0 || 'from' in lines) return 0;
  if (!follow && start !== undefined && start > state.length) return 'beyond';
  const position = start ?? (await findLastLines(requests, key, state, lines.last));
  return series === undefined ? position : { key, position };
}

async function findLastKey(
  requests: ReadRequests,
  series: FollowedSeries,
): Promise<string | undefined> {
  const exists = async (key: string) => (await requests.head(key, 0)) !== undefined;
  const place = await findLastPlace(series, nodeTimers.date(), exists);
  return place && series.keyOf(place);
}

/** Parses a number of lines as tail(1) does: `3` and `-3` are the last three, `+3` is from the third on. */
function parseLines(text: string): Lines {
  const number = parseInteger(text.replace(/^[-+](?=\d)/, ''));
  return text.startsWith('+') ? { from: Math.max(1, number) } : { last: number };
}
