import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ReplayRun } from '../../recovery/replay.js';
import { readSaved, type SavedBytes } from '../../recovery/saved-bytes.js';
import type { Conflict } from '../../recovery/saved-header.js';
import { UnusableFileError } from '../../recovery/unusable-file.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { resolveOptions } from '../../stream/options.js';
import { exitCode, exitCodeOf, UsageError } from '../exit-code.js';
import { type AppendFlags, addDeliveryOptions, streamOptions } from '../flags/append-options.js';
import {
  addConnectionOptions,
  type ConnectionFlags,
  connect,
} from '../flags/connection-options.js';
import { checkFlags } from '../flags/flag-names.js';
import { parseObjectUrl, withKey } from '../flags/object-url.js';
import { findTarget } from '../flags/replay-target.js';
import { complain } from '../messages.js';
import { noticeOutage } from '../output/outage-notice.js';
import { canShowProgress, ProgressLine } from '../output/progress-line.js';
import { reportReplay } from '../output/replay-report.js';
import { describeRollover } from '../output/rollover-notice.js';

interface Flags extends ConnectionFlags, AppendFlags {
  readonly conflict?: Conflict;
  readonly remove?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Adds `replay`, which appends the bytes of a saved file that the object does not have yet. */
export function addReplayCommand(program: Command, done: (exitCode: number) => void): Command {
  const command = program
    .command('replay')
    .summary('append saved uncommitted bytes')
    .description(
      'Appends the bytes of a saved file that the object does not have yet. It is safe to repeat: no byte is appended twice.',
    )
    .argument('<file>', 'file with uncommitted bytes, as saved by oss-append')
    .argument('[oss://bucket/key]', 'object to append to (default: the one named in the file)')
    .showHelpAfterError('See oss-append replay --help.')
    .optionsGroup('Options:')
    .addOption(
      new Option('--conflict <what>', 'if others have appended since').choices([
        'fail',
        'rebase',
        'rollover',
      ]),
    )
    .option('--remove', 'remove the file once everything is committed')
    .option('--quiet', 'print nothing unless something goes wrong')
    .option('--json', 'print the result as one line of JSON');
  addConnectionOptions(addDeliveryOptions(command));
  return command.action(async (file: string, href: string | undefined) => {
    done(await replay(resolve(file), href, command.optsWithGlobals()));
  });
}

async function replay(path: string, href: string | undefined, flags: Flags): Promise<number> {
  if (flags.emulator && flags.dir === undefined) {
    throw new UsageError(
      'With --emulator, replay needs --dir: memory would lose the appended bytes.',
    );
  }
  const named = href === undefined ? undefined : parseObjectUrl(href);
  const { url, saved } = findTarget(path, await readFile(path), named);
  const { client, close } = await connect(url.bucket, flags);
  const { remove = false, quiet = false, json = false } = flags;
  const conflict = flags.conflict ?? saved.conflict ?? 'fail';
  const append = streamOptions(flags);
  checkFlags(() => resolveOptions({ ...append, key: url.key, client }, 'replay'));
  let unwatch = () => {};
  const run = new ReplayRun({
    client,
    path,
    saved,
    conflict,
    append,
    onStream: (stream) => {
      unwatch();
      if (!quiet) unwatch = watch(stream);
    },
    onRollover: (rollover) => {
      unwatch();
      unwatch = () => {};
      if (!quiet) complain(describeRollover(url.bucket, rollover));
    },
  });
  try {
    if (flags.conflict === 'rollover' && run.rollovers === undefined) {
      throw new UsageError('--conflict rollover needs a file that says which object is next.');
    }
    const error = await run.finish().then(() => undefined, asError);
    unwatch();
    if (error instanceof UnusableFileError) throw asUsageError(error);
    const isRemoved = remove && error === undefined;
    if (isRemoved) await rm(path);
    const code = error === undefined ? exitCode.success : exitCodeOf(error, run.bytesWritten);
    reportReplay(
      { url: withKey(url, run.key), path, saved, run, error, isRemoved, exitCode: code },
      { quiet, json },
    );
    return code;
  } finally {
    await close();
  }
}

async function readFile(path: string): Promise<SavedBytes> {
  try {
    return await readSaved(path);
  } catch (error) {
    throw error instanceof UnusableFileError ? asUsageError(error) : error;
  }
}

function asUsageError(error: UnusableFileError): UsageError {
  return new UsageError(error.message, { cause: error });
}

function asError(error: unknown): Error {
  return error as Error;
}

/** Shows progress or outages; returns a function that stops it. */
function watch(stream: AppendWritable): () => void {
  if (!canShowProgress()) {
    noticeOutage(stream);
    return () => {};
  }
  const progress = new ProgressLine(stream);
  return () => progress.close();
}
