import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Runs until its parent has ended, in whatever way. */
const spin = `
const { ppid } = process;
process.stdout.write('.');
while (process.ppid === ppid) for (const start = Date.now(); Date.now() - start < 100; );
`;

/** Processors that are kept busy. */
export interface Wakefulness extends AsyncDisposable {
  /** Processes that keep them busy; none where that is not possible. */
  readonly pids: readonly number[];
}

/**
 * Keeps every processor busy with work that any other work preempts.
 *
 * A virtual machine returns an idle processor to its host. Getting it back may take longer than an
 * append, and a contender that waits more often pays for it more often. Only Linux has work that
 * never delays other work (`SCHED_IDLE`); elsewhere, or without `chrt`, processors may idle.
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

/** Whether it prints something before it ends, if it starts at all. */
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
