import { type Command, Option } from 'commander';
import type { Emulator, EmulatorOptions, Fault } from '../../emulator/index.js';
import { exitCodeOfSignal, type TerminatingSignal } from '../exit-code.js';
import { parseInteger, startFailure } from '../flags/connection-options.js';
import { collectFault } from '../flags/fault-option.js';
import { say } from '../messages.js';
import { Shutdown } from '../run/shutdown.js';

interface Flags {
  readonly host?: string;
  readonly port?: number;
  readonly dir?: string;
  readonly bucket?: readonly string[];
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly credentials: boolean;
  readonly fault?: readonly Fault[];
  readonly seed?: number;
  readonly json?: boolean;
}

/** Adds `emulate`, which runs a local OSS until a signal stops it. */
export function addEmulateCommand(program: Command, done: (exitCode: number) => void): void {
  program
    .command('emulate')
    .summary('run a local OSS')
    .description('Runs a local OSS for tests and experiments until a signal stops it.')
    .showHelpAfterError('See oss-append emulate --help.')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on (default: a free one)', parseInteger)
    .option(
      '--dir <folder>',
      'folder for the objects (default: memory, or a temporary folder without memfs)',
    )
    .addOption(
      new Option('--bucket <name>', 'bucket, repeatable (default: examplebucket)').argParser(
        (name: string, before: readonly string[] = []) => [...before, name],
      ),
    )
    .option('--region <region>', 'region to emulate (default: cn-hangzhou)')
    .option('--access-key-id <id>', 'accepted key id (default: emulator)')
    .option('--access-key-secret <secret>', 'accepted secret (default: emulator)')
    .option('--no-credentials', 'accept every signature')
    .option('--fault <fault>', 'such as kind=drop-answer,nth=2; repeatable', collectFault)
    .option('--seed <number>', 'makes random faults reproducible', parseInteger)
    .option('--json', 'print address and keys as one line of JSON')
    .action(async (flags: Flags) => done(exitCodeOfSignal(await emulate(flags))));
}

async function emulate(flags: Flags): Promise<TerminatingSignal> {
  const emulator = await start(flags);
  const stopped = new Promise<TerminatingSignal>((resolve) => {
    const onForce = (signal: TerminatingSignal) => process.exit(exitCodeOfSignal(signal));
    new Shutdown({ onStop: resolve, onForce });
  });
  if (flags.json) introduceAsJson(emulator);
  else introduce(emulator, flags);
  const signal = await stopped;
  await emulator.close();
  return signal;
}

async function start(flags: Flags): Promise<Emulator> {
  const { host, port, dir, bucket: buckets, region, fault: faults, seed } = flags;
  const { accessKeyId = 'emulator', accessKeySecret = 'emulator' } = flags;
  const credentials = flags.credentials ? { accessKeyId, accessKeySecret } : null;
  const options = { host, port, dir, buckets, region, faults, seed, credentials };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  // Loaded on demand: other commands start faster without it.
  const { startEmulator } = await import('../../emulator/index.js');
  try {
    return await startEmulator(Object.fromEntries(given) as EmulatorOptions);
  } catch (error) {
    throw startFailure(error);
  }
}

function introduce(emulator: Emulator, { host = '127.0.0.1', dir }: Flags): void {
  const { endpoint, region, buckets } = emulator;
  const { accessKeyId, accessKeySecret } = emulator.credentials;
  const lines = [
    `OSS emulator at ${endpoint}, region ${region}, buckets: ${buckets.join(', ')}.`,
    `Objects are kept in ${dir ?? `${describeMemory(emulator)} and gone when it stops`}.`,
    ...(isLoopback(host) ? [] : [`Anyone who can reach ${host} over the network can use it.`]),
    'To use it:',
    `  export OSS_ENDPOINT=${endpoint} OSS_REGION=${region}`,
    `  export OSS_ACCESS_KEY_ID=${accessKeyId} OSS_ACCESS_KEY_SECRET=${accessKeySecret}`,
  ];
  say(lines.join('\n'));
}

function describeMemory({ dir }: Emulator): string {
  return dir === undefined ? 'memory' : `${dir} (the package memfs is not installed)`;
}

function introduceAsJson({ endpoint, region, credentials }: Emulator): void {
  process.stdout.write(`${JSON.stringify({ endpoint, region, ...credentials })}\n`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}
