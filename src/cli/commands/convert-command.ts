import type { Command } from 'commander';
import { Conversion } from '../../convert/conversion.js';
import { resolveConversion } from '../../convert/resolve-conversion.js';
import { SourceObjectError } from '../../errors.js';
import { exitCode, exitCodeOf, UsageError } from '../exit-code.js';
import { type AppendFlags, addDeliveryOptions, streamOptions } from '../flags/append-options.js';
import { parseByteSize } from '../flags/byte-size.js';
import {
  addConnectionOptions,
  type ConnectionFlags,
  connect,
} from '../flags/connection-options.js';
import { checkFlags, nameFlags } from '../flags/flag-names.js';
import { type ObjectUrl, parseObjectUrl } from '../flags/object-url.js';
import { showConversion } from '../output/conversion-progress.js';
import { reportConversion } from '../output/conversion-report.js';

interface Flags extends ConnectionFlags, AppendFlags {
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Adds `convert`, which copies an object into a new one that can be appended to. */
export function addConvertCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('convert')
    .summary('copy an object into a new appendable one')
    .description(
      'Copies a Normal or Multipart object into a new appendable one, with its headers and metadata, and proves that both are equal. If it was interrupted, repeat it: what is there is not sent again.',
    )
    .argument('<source>', 'object to copy, as oss://bucket/key; it stays as it is')
    .argument('<oss://bucket/key>', 'new object, perhaps in another bucket')
    .showHelpAfterError('See oss-append convert --help.')
    .optionsGroup('Options:')
    .option('--chunk-size <size>', 'bytes per append, at most (default: 4MiB)', parseByteSize)
    .option('--quiet', 'print nothing unless something goes wrong')
    .option('--json', 'print the result as one line of JSON');
  addConnectionOptions(addDeliveryOptions(command)).action(async (from: string, to: string) => {
    done(await convert(parseObjectUrl(from), parseObjectUrl(to), command.optsWithGlobals()));
  });
}

async function convert(from: ObjectUrl, to: ObjectUrl, flags: Flags): Promise<number> {
  assertDistinct(from, to, flags);
  const startedAt = performance.now();
  const connection = await connect(to.bucket, flags, [from.bucket]);
  const { client } = connection;
  const reading = from.bucket === to.bucket ? client : connection.clientFor(from.bucket);
  const source = { key: from.key, client: reading };
  const { quiet = false, json = false } = flags;
  try {
    const resolved = checkFlags(() =>
      resolveConversion(source, { ...streamOptions(flags), key: to.key, client }),
    );
    const shown = quiet ? undefined : showConversion();
    const conversion = new Conversion(resolved, (stream) => shown?.append(stream, conversion));
    shown?.compare(conversion);
    const outcome = await conversion.finish().then(
      (crc64) => ({ crc64, error: undefined }),
      (error: Error) => ({ crc64: undefined, error: withFlags(error) }),
    );
    shown?.close();
    const { error } = outcome;
    const { bytesWritten = 0 } = conversion.stream ?? {};
    const code = error === undefined ? exitCode.success : exitCodeOf(error, bytesWritten);
    const duration = performance.now() - startedAt;
    reportConversion(
      { from, to, conversion, ...outcome, duration, exitCode: code },
      { quiet, json },
    );
    return code;
  } finally {
    await connection.close();
  }
}

function assertDistinct(from: ObjectUrl, to: ObjectUrl, flags: Flags): void {
  if (from.bucket === to.bucket && from.key === to.key) {
    throw new UsageError(`Name two objects: ${to.href} cannot be converted into itself.`);
  }
  if (flags.addressing === 'cname' && from.bucket !== to.bucket) {
    throw new UsageError(
      `With --addressing cname the endpoint belongs to one bucket: "${from.bucket}" and "${to.bucket}" are two.`,
    );
  }
  if (flags.emulator && flags.dir === undefined) {
    throw new UsageError('With --emulator, convert needs --dir: memory has no objects yet.');
  }
}

/** Of all errors of a conversion, only that of a header names an option. */
function withFlags(error: Error): Error {
  if (!(error instanceof SourceObjectError) || error.reason !== 'header') return error;
  const { key, reason, cause } = error;
  return new SourceObjectError(nameFlags(error.message), { key, reason }, { cause });
}
