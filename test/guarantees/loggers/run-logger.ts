import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Emulator } from 'oss-append-stream/emulator';
import { resultOf } from '../../helpers/process-result.js';
import { builtProgram } from '../../helpers/remote.js';
import type { LoggerCase } from './logger-case.js';
import type { LoggingJob } from './logging-job.js';

/** How the server behaves. */
export type Weather = 'slow' | 'slow, answers lost' | 'dead';

export const weathers: readonly Weather[] = ['slow', 'slow, answers lost'];

/** What a process left behind. */
export interface LoggerResult {
  readonly lineCount: number;
  readonly exitCode: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  readonly object: Buffer;

  /** Contents of the files that it left. */
  readonly files: readonly Buffer[];

  /** Appends that were applied and got no answer. */
  readonly answersLost: number;
}

/** Milliseconds that every append takes. */
export const delay = 30;

const bucket = 'examplebucket';
let runs = 0;

/** Runs a process that logs `lineCount` lines and ends. */
export async function runLogger(
  emulator: Emulator,
  { library, sink, leaving }: LoggerCase,
  { weather, lineCount }: { readonly weather: Weather; readonly lineCount: number },
): Promise<LoggerResult> {
  const { endpoint, region, credentials } = emulator;
  const key = `run-${++runs}.log`;
  if (weather === 'slow, answers lost') {
    emulator.faults.add({ kind: 'drop-answer', operation: 'append', key, nth: 2 });
    emulator.faults.add({ kind: 'drop-answer', operation: 'append', key, probability: 0.3 });
  }
  if (weather === 'dead') {
    emulator.faults.add({ kind: 'drop-request', operation: 'append', key, nth: 3, times: 1000 });
  }
  emulator.faults.add({ kind: 'delay', delay, operation: 'append', key });
  const folder = await mkdtemp(join(tmpdir(), 'loggers-'));
  try {
    const job: LoggingJob = {
      connection: { endpoint, region, credentials, bucket },
      key,
      lineCount,
      sink,
      leaving,
      // About six appends.
      chunkSize: 16 * lineCount,
      fallback: join(folder, 'log.uncommitted'),
      shutdownTimeout: weather === 'dead' ? 1000 : 8000,
    };
    const program = builtProgram(`test/guarantees/loggers/${library}-program`);
    const child = spawn(process.execPath, [program, JSON.stringify(job)], {
      cwd: folder,
      env: { ...process.env, TMPDIR: folder },
      timeout: 60_000,
      killSignal: 'SIGKILL' as const,
    });
    const result = await resultOf(child);
    // An append still in flight may be applied after the end of the process.
    await wait(3 * delay);
    return {
      lineCount,
      ...result,
      object: await emulator.read(bucket, key).catch(() => Buffer.alloc(0)),
      files: await filesIn(folder),
      answersLost: emulator.requests.filter((it) => it.key === key && it.fault === 'drop-answer')
        .length,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function filesIn(folder: string): Promise<Buffer[]> {
  const names = await readdir(folder);
  return Promise.all(names.map((name) => readFile(join(folder, name))));
}
