import type { Command } from 'commander';
import { retrying } from '../../read/retry-request.js';
import { exitCode } from '../exit-code.js';
import {
  addConnectionOptions,
  type ConnectionFlags,
  withClient,
} from '../flags/connection-options.js';
import { type ObjectUrl, parseObjectUrl } from '../flags/object-url.js';
import { complain, toLine } from '../messages.js';

interface Flags extends ConnectionFlags {
  readonly json?: boolean;
}

/** Adds `stat`, which shows the type, length and next append position of an object. */
export function addStatCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('stat')
    .summary('show type, length and next position of an object')
    .description('Shows type, length and next append position of an object.')
    .argument('<oss://bucket/key>', 'object to inspect')
    .showHelpAfterError('See oss-append stat --help.')
    .optionsGroup('Options:')
    .option('--json', 'print the result as one line of JSON');
  addConnectionOptions(command).action(async (href: string) => {
    done(await stat(parseObjectUrl(href), command.optsWithGlobals()));
  });
}

function stat(url: ObjectUrl, flags: Flags): Promise<number> {
  return withClient(url.bucket, flags, async (client) => {
    const { requestPayer } = flags;
    const state = await retrying(() => client.headObject(url.key, { requestPayer }));
    if (state === undefined) {
      complain(`The object ${url.href} does not exist.`);
      return exitCode.failure;
    }
    const { length, crc64, appendable, sealed, objectType, etag } = state;
    const position = appendable && !sealed ? length : undefined;
    if (flags.json) {
      const object = { url: url.href, bucket: url.bucket, key: url.key };
      const facts = {
        length,
        position,
        objectType,
        appendable,
        sealed,
        crc64: crc64?.toString(),
        etag,
      };
      process.stdout.write(`${JSON.stringify({ ...object, ...facts })}\n`);
    } else {
      const rows = {
        object: toLine(url.href),
        length: `${length} bytes`,
        type: `${objectType ?? 'unknown'}${sealed ? ', sealed' : ''}`,
        'next position': position ?? 'none: it cannot be appended to',
        'CRC-64': crc64 ?? 'unknown',
        ETag: etag ?? 'unknown',
      };
      for (const [name, value] of Object.entries(rows)) {
        process.stdout.write(`${name.padEnd(15)}${value}\n`);
      }
    }
    return exitCode.success;
  });
}
