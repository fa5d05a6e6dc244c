import type { Command } from 'commander';
import { closestMatch } from 'leven';
import { assertFallback, type SavedOrigin, saveUncommitted } from '../../recovery/saved-file.js';
import { AppendWritable } from '../../stream/append-writable.js';
import { asUsage, exitCode, exitCodeOf, exitCodeOfSignal, UsageError } from '../exit-code.js';
import { type AppendFlags, addAppendOptions, streamOptions } from '../flags/append-options.js';
import {
  addConnectionOptions,
  type Connection,
  type ConnectionFlags,
  connect,
} from '../flags/connection-options.js';
import { parseDuration } from '../flags/duration.js';
import { checkFlags } from '../flags/flag-names.js';
import { addFollowOptions, type FollowFlags, followOption } from '../flags/follow-options.js';
import { isObjectUrl, type ObjectUrl, parseObjectUrl, withKey } from '../flags/object-url.js';
import {
  addRolloverOptions,
  type RolloverFlags,
  rolloverOptions,
} from '../flags/rollover-options.js';
import { Follow } from '../follow/follow.js';
import { complain, say } from '../messages.js';
import type { AppendReport } from '../output/append-facts.js';
import { reportAsJson } from '../output/append-json.js';
import { reportInWords } from '../output/append-report.js';
import { flagsToRepeat } from '../output/flags-to-repeat.js';
import { noticeOutage } from '../output/outage-notice.js';
import { canShowProgress, ProgressLine } from '../output/progress-line.js';
import { noticeRollovers } from '../output/rollover-notice.js';
import { AppendRun, type AppendRunResult } from '../run/append-run.js';
import { findRereadable } from '../run/rereadable.js';
import type { Source } from '../run/source.js';
import { findSources } from '../run/sources.js';

interface Flags extends ConnectionFlags, AppendFlags, RolloverFlags, FollowFlags {
  readonly tee?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly shutdownTimeout?: number;
  readonly fallback?: string;
}

interface RunOptions extends Flags {
  /** What {@link RolloverFlags} ask of the stream. */
  readonly series: ReturnType<typeof rolloverOptions>;

  /** Flags that a replay needs too, as typed; `undefined` if the object was only in memory. */
  readonly again: readonly string[] | undefined;
}

/**
 * Makes `program` append where no other command is named.
 *
 * @param replay The command that later appends the bytes that this one could not.
 * @param args The arguments as typed.
 */
export function addAppendCommand(
  program: Command,
  replay: Command,
  args: readonly string[],
  done: (exitCode: number) => void,
): void {
  program.argument('<oss://bucket/key>', 'object to append to; created if it does not exist');
  program.argument('[file...]', 'files to append; "-" is standard input, the default');
  addConnectionOptions(
    addAppendOptions(
      addRolloverOptions(
        addFollowOptions(
          program
            .optionsGroup('Options:')
            .option('--tee', 'also copy everything to standard output')
            .option('--quiet', 'print nothing unless something goes wrong')
            .option('--json', 'print the result as one line of JSON')
            .option(
              '--shutdown-timeout <time>',
              'longest time from signal to exit (8s)',
              parseDuration,
            )
            .option('--fallback <file>', 'new file for bytes that cannot be committed'),
        ),
      ),
    ),
  );
  program.action(async (first: string, others: string[], flags: Flags) => {
    const [href, ...names] = sortOperands([first, ...others]);
    const isInMemory = flags.emulator === true && flags.dir === undefined;
    const again = isInMemory ? undefined : flagsToRepeat(program, args, replay);
    const commands = program.commands.map((command) => command.name());
    const url = parseObjectUrl(href);
    const sources = followOption(flags, names) ?? findSourcesOrCommand(names, commands);
    await append(url, sources, { ...flags, again, series: rolloverOptions(flags) }, done);
  });
}

/** Moves the address to the front, wherever it was typed. */
function sortOperands(operands: readonly string[]): [string, ...string[]] {
  const [href, ...more] = operands.filter(isObjectUrl);
  if (href === undefined || more.length > 0) {
    throw new UsageError('Name exactly one object, as oss://bucket/key.');
  }
  return [href, ...operands.filter((operand) => !isObjectUrl(operand))];
}

/**
 * Finds the sources. A name that does not exist may be a misspelt command: the error says so.
 *
 * @throws {UsageError} As {@link findSources}.
 */
function findSourcesOrCommand(
  names: readonly string[],
  commands: readonly string[],
): readonly Source[] {
  try {
    return findSources(names);
  } catch (error) {
    const { message, cause } = error as Error;
    const { code, path = '' } = (cause ?? {}) as NodeJS.ErrnoException;
    // With a distance of 2 a short name would match unrelated commands.
    const maxDistance = path.length < 6 ? 1 : 2;
    const meant = code === 'ENOENT' ? closestMatch(path, commands, { maxDistance }) : undefined;
    if (meant === undefined) throw error;
    throw new UsageError(`${message} Did you mean the command "${meant}"?`, { cause });
  }
}

async function append(
  url: ObjectUrl,
  sources: readonly Source[] | Follow,
  flags: RunOptions,
  done: (exitCode: number) => void,
): Promise<void> {
  if (flags.tee && flags.json)
    throw new UsageError('--tee and --json both write to standard output.');
  if (flags.fallback !== undefined) asUsage(() => assertFallback(flags.fallback));
  const run: Run = {
    startedAt: performance.now(),
    done,
    connection: undefined,
    stream: undefined,
    appending: undefined,
  };
  try {
    const outcome = await appendAll(run, url, sources, flags).catch((error) => {
      if (error instanceof UsageError) throw error;
      return { ...nothingHappened, error };
    });
    conclude(run, outcome, url, flags);
  } finally {
    if (sources instanceof Follow) await sources.close();
    // Close last, when uncommitted bytes have been saved.
    await run.connection?.close();
  }
}

/** The parts of a run; each is `undefined` until the run gets that far. */
interface Run {
  readonly startedAt: number;

  /** Receives the exit code when it is known. */
  readonly done: (exitCode: number) => void;
  connection: Connection | undefined;
  stream: AppendWritable | undefined;
  appending: AppendRun | undefined;
}

async function appendAll(
  run: Run,
  url: ObjectUrl,
  sources: readonly Source[] | Follow,
  flags: RunOptions,
): Promise<AppendRunResult> {
  const { tee = false, quiet = false, shutdownTimeout = 8000 } = flags;
  const { requestPayer, trafficLimit } = flags;
  run.connection = await connect(url.bucket, flags);
  const stream = openStream(url, run.connection, flags);
  run.stream = stream;
  // With --tee on the same terminal, progress and data would garble each other.
  const isWatched = canShowProgress() && !quiet && !(tee && process.stdout.isTTY);
  const progress = isWatched ? new ProgressLine(stream) : undefined;
  if (progress === undefined && !quiet) noticeOutage(stream);
  const print = progress === undefined ? complain : (text: string) => progress.complain(text);
  noticeRollovers(stream, { bucket: url.bucket, isQuiet: quiet, print });
  const context = {
    stream,
    client: run.connection.client,
    request: { requestPayer, trafficLimit },
    complain: print,
    tell: quiet ? () => {} : print,
  };
  const input = sources instanceof Follow ? sources.sources(context) : sources;
  const appending = new AppendRun({ stream, sources: input, tee, shutdownTimeout });
  run.appending = appending;
  try {
    return await appending.finish();
  } finally {
    progress?.close();
  }
}

/** Saves uncommitted bytes and reports the result. */
function conclude(
  { startedAt, done, stream, appending }: Run,
  outcome: AppendRunResult,
  url: ObjectUrl,
  options: RunOptions,
): void {
  const { quiet = false, json, emulator, dir, fallback, again, series, recordDelimiter } = options;
  const report: AppendReport = {
    url: withKey(url, stream?.key ?? url.key),
    stream,
    rollovers: series.rollover === undefined ? undefined : stream?.stats.rollovers,
    ...outcome,
    duration: performance.now() - startedAt,
    exitCode: exitCodeFor(outcome, stream),
    ...keep(outcome, url, { fallback, options: { key: url.key, ...series, recordDelimiter } }),
    flagsToRepeat: again,
  };
  // Before the connection is closed: a signal may end the process meanwhile.
  done(report.exitCode);
  appending?.conclude(report.exitCode);
  reportInWords(report, quiet);
  if (emulator && dir === undefined && report.error === undefined && !quiet) {
    say('The emulator kept this object in memory and has discarded it; use --dir to keep it.');
  }
  if (json) reportAsJson(report);
  if (outcome.deadline !== undefined) leaveBy(outcome.deadline, report.exitCode);
}

const nothingHappened: AppendRunResult = {
  error: undefined,
  signal: undefined,
  deadline: undefined,
  isCutShort: false,
  seal: undefined,
  uncommitted: undefined,
  ranges: [],
  unread: [],
};

/** Forces the exit: unread standard output would keep the process alive for ever. */
function leaveBy(deadline: number, code: number): void {
  // After a blocked event loop timers run before I/O: give pending output one turn to leave.
  const rest = Math.max(deadline - performance.now(), 0);
  setTimeout(setImmediate, rest, () => process.exit(code)).unref();
}

function openStream(url: ObjectUrl, { client }: Connection, flags: RunOptions): AppendWritable {
  const options = { ...streamOptions(flags), ...flags.series, client, key: url.key };
  return checkFlags(() => new AppendWritable(options, 'append'));
}

function exitCodeFor(
  { error, signal, isCutShort, seal }: AppendRunResult,
  stream: AppendWritable | undefined,
): number {
  if (isCutShort) return exitCode.deadline;
  if (error !== undefined) return exitCodeOf(error, stream?.bytesWritten);
  if (seal?.error !== undefined) return exitCode.failure;
  return signal === undefined ? exitCode.success : exitCodeOfSignal(signal);
}

/** Makes sure that uncommitted bytes survive: in the files they came from, or in a new file. */
function keep(
  { uncommitted, ranges }: AppendRunResult,
  { bucket }: ObjectUrl,
  { fallback, options }: Pick<SavedOrigin, 'options'> & { readonly fallback: string | undefined },
): Pick<AppendReport, 'saved' | 'rereadable'> {
  if (uncommitted === undefined) return { saved: undefined, rereadable: [] };
  const rereadable = findRereadable(ranges, uncommitted.bytes);
  // Unless every source can be read again, save everything: one file is easier to replay.
  if (rereadable.length === ranges.length) return { saved: undefined, rereadable };
  try {
    return { saved: saveUncommitted(uncommitted, { bucket, options }, fallback), rereadable: [] };
  } catch (error) {
    return { saved: error as Error, rereadable };
  }
}
