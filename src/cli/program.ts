import { readFileSync } from 'node:fs';
import { Command, CommanderError, type Option } from 'commander';
import { addAppendCommand } from './commands/append-command.js';
import { addCatCommand } from './commands/cat-command.js';
import { addConvertCommand } from './commands/convert-command.js';
import { addEmulateCommand } from './commands/emulate-command.js';
import { addReplayCommand } from './commands/replay-command.js';
import { addSealCommand } from './commands/seal-command.js';
import { addStatCommand } from './commands/stat-command.js';
import { addTailCommand } from './commands/tail-command.js';
import { exitCode, exitCodeOf, UsageError } from './exit-code.js';
import { templateHelp } from './flags/rollover-options.js';
import { complain, say, sentence } from './messages.js';

const helpHint = 'See oss-append --help.';

const description =
  'Appends standard input or files to an object in Alibaba Cloud OSS while they are read: in order, and each byte exactly once.';

const epilogue = `${templateHelp}

Without --credentials, keys come from the environment: OSS_ACCESS_KEY_ID,
OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN. Sizes are bytes, or 64KiB, 4MiB,
4M (4MB is decimal); times are milliseconds, or 2s, 1m.

Exit status: 0 everything committed, 1 gave up (the message says how much is
committed), 2 wrong usage, 3 wrong configuration or credentials, 99 shutdown
took too long or was cut short, 128+n stopped by signal n with everything
that was read committed.

Examples:
  app 2>&1 | oss-append oss://logs/app.log
  oss-append oss://logs/all.log monday.log tuesday.log
  app | oss-append --rollover-interval day 'oss://logs/{yyyy}-{MM}-{dd}.log'
  ffmpeg -i rtsp://camera -f mpegts - | oss-append oss://video/door.ts
  oss-append --emulator --dir data oss://logs/app.log < app.log`;

/**
 * Runs the command line.
 *
 * @param args Arguments after the name of the program.
 * @param done Called with the exit code as soon as it is known, perhaps before the last connection
 * is closed.
 * @returns The exit code.
 */
export async function runProgram(
  args: readonly string[],
  done: (exitCode: number) => void = () => {},
): Promise<number> {
  let code: number = exitCode.success;
  const program = createProgram(args, (result) => {
    code = result;
    done(result);
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already printed its message.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCode.success : exitCode.usage;
    }
    complain(sentence(error as Error));
    if (error instanceof UsageError) say(helpHint);
    return exitCodeOf(error);
  }
}

function createProgram(args: readonly string[], done: (exitCode: number) => void): Command {
  const program = new Command('oss-append')
    .description(description)
    .usage('[options] oss://bucket/key [file...]\n       oss-append COMMAND [options] …')
    .version(packageVersion(), '-V, --version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text) => complain(text.replace(/^error: /, '')) })
    .showHelpAfterError(helpHint)
    .configureHelp({ optionDescription: describeOption, subcommandTerm: (it) => it.name() });
  program.commandsGroup('Other commands:');
  program.helpCommand('help [command]', 'show the help of a command');
  addStatCommand(program, done);
  addCatCommand(program, done);
  addTailCommand(program, done);
  addConvertCommand(program, done);
  addSealCommand(program, done);
  addAppendCommand(program, addReplayCommand(program, done), args, done);
  // Help texts appear in the order they are added: this one last.
  program.addHelpText('after', epilogue);
  addEmulateCommand(program, done);
  return program;
}

/** Lists choices without the quotes that commander adds. */
function describeOption({ description: text, argChoices }: Option): string {
  return argChoices === undefined ? text : `${text} (${argChoices.join(', ')})`;
}

function packageVersion(): string {
  const path = new URL('../../package.json', import.meta.url);
  const { version }: { version: string } = JSON.parse(readFileSync(path, 'utf8'));
  return version;
}
