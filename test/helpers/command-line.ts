import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Emulator } from '../../src/emulator/index.js';
import { type ProcessResult, resultOf } from './process-result.js';

export { resultOf };

// Whether or not this file is built itself.
const { resolve } = createRequire(import.meta.url);
const program = join(dirname(resolve('oss-append-stream/package.json')), 'dist/cli/main.js');

export interface CommandOptions {
  /** Standard input. Default: empty. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** Environment variables that lead clients to the emulator. */
export function environmentOf({
  endpoint,
  region,
  credentials,
}: Pick<Emulator, 'endpoint' | 'region' | 'credentials'>) {
  return {
    OSS_ENDPOINT: endpoint,
    OSS_REGION: region,
    OSS_ACCESS_KEY_ID: credentials.accessKeyId,
    OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret,
  };
}

interface StartOptions extends CommandOptions, Pick<SpawnOptions, 'stdio'> {
  /** A command to run it with, such as `unshare`. */
  readonly wrapper?: readonly string[];
}

/** Starts the built command line in its own process. */
export function startCommand(
  args: readonly string[],
  { env, cwd, stdio, wrapper = [] }: StartOptions = {},
): ChildProcess {
  const [command = '', ...rest] = [...wrapper, process.execPath, program, ...args];
  return spawn(command, rest, {
    stdio: stdio ?? 'pipe',
    env: cleanEnvironment(env),
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** Runs the built command line to its end. */
export async function runCommand(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<ProcessResult> {
  const child = startCommand(args, options);
  child.stdin?.on('error', () => {}); // The process may exit without reading.
  child.stdin?.end(options.input);
  return resultOf(child);
}

/** Runs a shell command on a pseudo-terminal; `oss_append` in it is the command line. */
export async function runInTerminal(
  shellCommand: string,
  { env, cwd, keys }: CommandOptions & { readonly keys?: (terminal: ChildProcess) => void } = {},
): Promise<{ readonly exitCode: number | null; readonly screen: string }> {
  const script = `oss_append() { "${process.execPath}" "${program}" "$@"; }\n${shellCommand}`;
  const child = spawn('script', ['-qec', script, '/dev/null'], {
    env: { ...cleanEnvironment(env), SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  keys?.(child);
  const [screen, [exitCode]] = await Promise.all([buffer(child.stdout), once(child, 'close')]);
  return { exitCode, screen: screen.toString() };
}

/** The environment of the tests without the variables that the command line reads. */
function cleanEnvironment(env: CommandOptions['env']): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(OSS_|ALIBABA_CLOUD_|CI$|NO_COLOR|FORCE_COLOR|NODE_OPTIONS)|_proxy$/i.test(name),
  );
  return { ...Object.fromEntries(inherited), ...env };
}
