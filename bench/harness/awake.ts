import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Runs until its parent is gone, whatever becomes of that. */
const spin = `
const { ppid } = process;
process.stdout.write('.');
while (process.ppid === ppid) for (const start = Date.now(); Date.now() - start < 100; );
`;

/** Processors that are not allowed to rest. */
export interface Wakefulness extends AsyncDisposable {
  /** Processes that see to it; none where that is not possible. */
  readonly pids: readonly number[];
}

/**
 * Gives every processor something to do that anything else may interrupt.
 *
 * A virtual machine hands a processor without work back to its host. To get it back may take longer
 * than an append does, and whoever waits more often pays for it more often. Linux alone has work that
 * never stands in the way (`SCHED_IDLE`); elsewhere, or without `chrt`, processors rest as they like.
 */
export async function keepAwake(): Promise<Wakefulness> {
  const spinners = Array.from({ length: availableParallelism() }, () =>
    spawn('chrt', ['--idle', '0', process.execPath, '--eval', spin], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  // Where there is no `chrt`, their output ends at once.
  for (const spinner of spinners) spinner.on('error', () => {});
  const started = await Promise.all(spinners.map(hasStarted));
  return {
    pids: spinners.flatMap(({ pid }, index) => (pid && started[index] ? [pid] : [])),
    async [Symbol.asyncDispose]() {
      await Promise.all(spinners.map(end));
    },
  };
}

/** Whether it says a word before it ends, if it begins at all. */
async function hasStarted({ stdout }: ChildProcess): Promise<boolean> {
  for await (const _ of stdout ?? []) return true;
  return false;
}

async function end(spinner: ChildProcess): Promise<void> {
  if (spinner.pid === undefined || spinner.exitCode !== null || spinner.signalCode) return;
  const ended = once(spinner, 'exit');
  spinner.kill('SIGKILL');
  await ended;
}
