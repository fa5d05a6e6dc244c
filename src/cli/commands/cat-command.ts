import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { loadCrc64 } from '../../crc64.js';
import type { OssClient } from '../../oss/oss-client.js';
import { ObjectReader } from '../../read/object-reader.js';
import { retrying } from '../../read/retry-request.js';
import { exitCode, UsageError } from '../exit-code.js';
import { parseByteSize } from '../flags/byte-size.js';
import {
  addConnectionOptions,
  type ConnectionFlags,
  withClient,
} from '../flags/connection-options.js';
import { type ObjectUrl, parseObjectUrl } from '../flags/object-url.js';
import { complain } from '../messages.js';
import { writeToStandardOutput } from '../output/standard-output.js';

interface Flags extends ConnectionFlags {
  readonly start?: number;
  readonly end?: number;
}

/** Adds `cat`, which writes an object to standard output. */
export function addCatCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('cat')
    .summary('write an object to standard output')
    .description(
      'Writes the current content of an object to standard output and verifies its checksum.',
    )
    .argument('<oss://bucket/key>', 'object to read')
    .showHelpAfterError('See oss-append cat --help.')
    .optionsGroup('Options:')
    .option('--start <bytes>', 'offset of the first byte (default: 0)', parseByteSize)
    .option('--end <bytes>', 'offset after the last byte (default: end)', parseByteSize);
  addConnectionOptions(command).action(async (href: string) => {
    done(await cat(parseObjectUrl(href), command.optsWithGlobals()));
  });
}

async function cat(url: ObjectUrl, flags: Flags): Promise<number> {
  const { start = 0 } = flags;
  if (flags.end !== undefined && flags.end < start) {
    throw new UsageError(`--end, ${flags.end}, must not be less than --start, ${start}.`);
  }
  return writeToStandardOutput(() =>
    withClient(url.bucket, flags, (client) => copy(client, url, flags)),
  );
}

async function copy(client: OssClient, url: ObjectUrl, flags: Flags): Promise<number> {
  const { requestPayer, trafficLimit, start = 0 } = flags;
  const state = await retrying(() => client.headObject(url.key, { requestPayer }));
  if (state === undefined) {
    complain(`The object ${url.href} does not exist.`);
    return exitCode.failure;
  }
  const end = Math.min(flags.end ?? state.length, state.length);
  const range = { start: Math.min(start, end), end };
  const reader = new ObjectReader(client, await loadCrc64());
  const content = reader.read(url.key, range, { requestPayer, trafficLimit });
  await pipeline(content, process.stdout, { end: false });
  const isWhole = range.start === 0 && range.end === state.length;
  if (isWhole && state.crc64 !== undefined && reader.crc64 !== state.crc64) {
    complain(
      `The output differs from the object: its CRC-64 is ${reader.crc64} instead of ${state.crc64}.`,
    );
    return exitCode.failure;
  }
  return exitCode.success;
}
