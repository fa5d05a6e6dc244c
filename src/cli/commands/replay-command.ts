import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ReplayRun } from '../../recovery/replay.js';
import { readSaved, type SavedBytes } from '../../recovery/saved-bytes.js';
import { UnusableFileError } from '../../recovery/unusable-file.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import { resolveOptions } from '../../stream/options.js';
import { asUsage, exitCode, exitCodeOf, UsageError } from '../exit-code.js';
import { type AppendFlags, addDeliveryOptions, streamOptions } from '../flags/append-options.js';
import {
  addConnectionOptions,
  type ConnectionFlags,
  connect,
} from '../flags/connection-options.js';
import { parseObjectUrl } from '../flags/object-url.js';
import { findTarget } from '../flags/replay-target.js';
import { noticeOutage } from '../output/outage-notice.js';
import { canShowProgress, ProgressLine } from '../output/progress-line.js';
import { reportReplay } from '../output/replay-report.js';

interface Flags extends ConnectionFlags, AppendFlags {
  readonly conflict?: 'fail' | 'rebase';
  readonly remove?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Adds `replay`, which appends what a file of uncommitted bytes has and the object lacks. */
export function addReplayCommand(program: Command, done: (exitCode: number) => void): Command {
  const command = program
    .command('replay')
    .summary('append a file of uncommitted bytes')
    .description(
      'Appends what a file of uncommitted bytes has and the object lacks. It can be repeated: nothing gets there twice.',
    )
    .argument('<file>', 'file that was saved when bytes could not be committed')
    .argument('[oss://bucket/key]', 'object to append to (default: as the file says)')
    .showHelpAfterError('See oss-append replay --help.')
    .optionsGroup('Options:')
    .addOption(
      new Option('--conflict <what>', 'if others have appended since').choices(['fail', 'rebase']),
    )
    .option('--remove', 'remove the file when the object holds everything')
    .option('--quiet', 'say nothing unless something is wrong')
    .option('--json', 'end with one line of JSON on standard output');
  addConnectionOptions(addDeliveryOptions(command));
  return command.action(async (file: string, href: string | undefined) => {
    done(await replay(resolve(file), href, command.optsWithGlobals()));
  });
}

async function replay(path: string, href: string | undefined, flags: Flags): Promise<number> {
  if (flags.emulator && flags.dir === undefined) {
    throw new UsageError('--emulator needs --dir here, to keep what is appended.');
  }
  const named = href === undefined ? undefined : parseObjectUrl(href);
  const { url, saved } = findTarget(path, await readFile(path), named);
  const { client, close } = await connect(url.bucket, flags);
  const { conflict = 'fail', remove = false, quiet = false, json = false } = flags;
  const append = streamOptions(flags);
  asUsage(() => resolveOptions({ ...append, key: url.key, client }));
  let unwatch = () => {};
  const run = new ReplayRun({
    ...{ client, path, saved, conflict, append },
    onStream: (stream) => {
      if (!quiet) unwatch = watch(stream);
    },
  });
  try {
    const error = await run.finish().then(() => undefined, asError);
    unwatch();
    if (error instanceof UnusableFileError) throw asUsageError(error);
    const isRemoved = remove && error === undefined;
    if (isRemoved) await rm(path);
    const code = error === undefined ? exitCode.success : exitCodeOf(error, run.bytesWritten);
    reportReplay({ url, path, saved, run, error, isRemoved, exitCode: code }, { quiet, json });
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

/** Shows how far it has come; returns what ends that. */
function watch(stream: AppendWritable): () => void {
  if (!canShowProgress()) {
    noticeOutage(stream);
    return () => {};
  }
  const progress = new ProgressLine(stream);
  return () => progress.close();
}
