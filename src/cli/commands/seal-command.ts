import type { Command } from 'commander';
import { retrying } from '../../read/retry-request.js';
import { exitCode } from '../exit-code.js';
import { parseByteSize } from '../flags/byte-size.js';
import {
  addConnectionOptions,
  type ConnectionFlags,
  withClient,
} from '../flags/connection-options.js';
import { type ObjectUrl, parseObjectUrl } from '../flags/object-url.js';
import { complain, say } from '../messages.js';

interface Flags extends ConnectionFlags {
  readonly position?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Adds `seal`, which makes an object refuse further appends for good. */
export function addSealCommand(program: Command, done: (exitCode: number) => void): void {
  const command = program
    .command('seal')
    .summary('make an object refuse further appends')
    .description('Makes an object refuse further appends. This cannot be undone.')
    .argument('<oss://bucket/key>', 'object to seal')
    .showHelpAfterError('See oss-append seal --help.')
    .optionsGroup('Options:')
    .option('--position <bytes>', 'fail unless the object has this length', parseByteSize)
    .option('--quiet', 'print nothing unless something goes wrong')
    .option('--json', 'print the result as one line of JSON');
  addConnectionOptions(command).action(async (href: string) => {
    done(await seal(parseObjectUrl(href), command.optsWithGlobals()));
  });
}

function seal(url: ObjectUrl, flags: Flags): Promise<number> {
  const { requestPayer, quiet = false, json = false } = flags;
  return withClient(url.bucket, flags, async (client) => {
    const findLength = async () =>
      (await retrying(() => client.headObject(url.key, { requestPayer })))?.length;
    const position = flags.position ?? (await findLength());
    if (position === undefined) {
      complain(`The object ${url.href} does not exist.`);
      return exitCode.failure;
    }
    await retrying(() => client.sealAppendObject(url.key, position, { requestPayer }));
    if (json) {
      const { href, bucket, key } = url;
      process.stdout.write(
        `${JSON.stringify({ url: href, bucket, key, position, sealed: true })}\n`,
      );
    } else if (!quiet) {
      say(`Sealed ${url.href} at ${position} bytes.`);
    }
    return exitCode.success;
  });
}
