import { type ChildProcess, fork } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LogWritableOptions } from '../../src/pino.js';
import { environmentOf } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { type ProcessResult, resultOf } from '../helpers/process-result.js';
import { builtProgram } from '../helpers/remote.js';
import { accountFor } from './loggers/line-account.js';
import type { Acknowledged, SharingJob } from './loggers/sharing-program.js';

const { emulator } = await startEmulatorForFile();
const timeout = 120_000;

interface Program {
  readonly process: ChildProcess;
  readonly result: Promise<ProcessResult>;

  /** Lines known to be committed, by process id. */
  readonly acknowledged: ReadonlyMap<number, number>;
}

function start(
  name: string,
  sink: SharingJob['sink'],
  given: Partial<LogWritableOptions> & { readonly key: string },
): Program {
  const options = { bucket: 'examplebucket', fallback: false as const, ...given };
  const job: SharingJob = { sink, options };
  const child = fork(builtProgram(`test/guarantees/loggers/${name}`), [JSON.stringify(job)], {
    env: { ...process.env, ...environmentOf(emulator) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const acknowledged = new Map<number, number>();
  child.on('message', (message: Acknowledged) => {
    acknowledged.set(message.pid, message.acknowledged);
  });
  return { process: child, result: resultOf(child), acknowledged };
}

/** The lines of an object, by the process that wrote them; each must be whole. */
async function linesIn(key: string): Promise<Map<number, string[]>> {
  const content = await emulator.read('examplebucket', key).then(String, () => '');
  const lines = new Map<number, string[]>();
  for (const line of content.split('\n').slice(0, -1)) {
    const { writer } = JSON.parse(line);
    const own = lines.get(writer) ?? [];
    lines.set(writer, own);
    own.push(`${line}\n`);
  }
  expect(content.endsWith('\n')).toBe(content.length > 0);
  return lines;
}

async function countLines(key: string, { pid = 0 }: ChildProcess): Promise<number> {
  return (await linesIn(key)).get(pid)?.length ?? 0;
}

/** Resolves when each of the processes has at least `count` more lines in the object. */
async function progress(key: string, processes: readonly ChildProcess[], count: number) {
  for (const child of processes) {
    const before = await countLines(key, child);
    await expect.poll(() => countLines(key, child), polling).toBeGreaterThan(before + count);
  }
}

const polling = { timeout: 60_000 };
const complete = { lost: 0, doubled: 0, misplaced: 0, torn: 0, others: [], isCutOff: false };
const notice = /^oss-append-stream: another process appends to oss:\/\/examplebucket\/\S+ too.*$/;

/** The last number of each process, as they printed them. */
function lastNumbers({ stdout }: ProcessResult): Map<number, number> {
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number) as [number, number]),
  );
}

const linesOf = ({ stderr }: ProcessResult) => stderr.split('\n').slice(0, -1);

describe('a rolling update', () => {
  test.each(['pino worker', 'winston'] as const)(
    'of services that log to one key with %s has every line of both whole, once and in order',
    { timeout },
    async (sink) => {
      const key = `rolling-${sink.replace(' ', '-')}.log`;
      const old = start('sharing-program', sink, { key, flushInterval: 20 });
      await progress(key, [old.process], 20);
      const young = start('sharing-program', sink, { key, flushInterval: 20 });
      await progress(key, [young.process, old.process], 50);
      old.process.kill('SIGTERM');
      const results = [await old.result];
      await progress(key, [young.process], 20);
      young.process.kill('SIGTERM');
      results.push(await young.result);

      const lines = await linesIn(key);
      for (const result of results) {
        const [[pid = 0, last = 0] = []] = lastNumbers(result);
        const own = Buffer.from((lines.get(pid) ?? []).join(''));
        expect(last).toBeGreaterThan(50);
        expect(accountFor(own, last)).toMatchObject(complete);
        expect(result.exitCode).toBe(143);
        expect(linesOf(result)).toEqual([expect.stringMatching(notice)]);
      }
    },
  );
});

test('a cluster of eight workers with one key has every line whole, once and in order, although one is killed and one is stopped for a while', {
  timeout,
}, async () => {
  const key = 'cluster.log';
  const { result, acknowledged } = start('sharing-cluster', 'pino', {
    key,
    // Enough for a turn of each.
    flushInterval: 400,
    requestTimeout: 2000,
  });
  const hasAll = () => [...acknowledged.values()].filter((count) => count > 20).length;
  await expect.poll(hasAll, polling).toBe(8);
  const [killed = 0, stopped = 0, ...others] = acknowledged.keys();
  process.kill(killed, 'SIGKILL');
  process.kill(stopped, 'SIGSTOP');
  const stoppedAt = performance.now();
  const before = new Map(acknowledged);
  const gained = (pid: number) => (acknowledged.get(pid) ?? 0) - (before.get(pid) ?? 0);
  const leastOf = (pids: readonly number[]) => Math.min(...pids.map(gained));
  // Longer than the time that a request of the stopped one has.
  const duration = () => performance.now() - stoppedAt;
  await expect.poll(duration, polling).toBeGreaterThan(2500);
  await expect.poll(() => leastOf(others), polling).toBeGreaterThan(50);
  process.kill(stopped, 'SIGCONT');
  await expect.poll(() => leastOf([stopped]), polling).toBeGreaterThan(50);
  for (const pid of [stopped, ...others]) process.kill(pid, 'SIGTERM');
  const ending = await result;

  const lines = await linesIn(key);
  const last = lastNumbers(ending);
  expect([...last.keys()].sort()).toEqual([stopped, ...others].sort());
  for (const [pid, count] of last) {
    const own = Buffer.from((lines.get(pid) ?? []).join(''));
    expect(accountFor(own, count), `process ${pid}`).toMatchObject(complete);
  }
  const rest = lines.get(killed) ?? [];
  expect(rest.length).toBeGreaterThanOrEqual(acknowledged.get(killed) ?? 0);
  expect(accountFor(Buffer.from(rest.join('')), rest.length)).toMatchObject(complete);
  // On a busy machine the store may be taken for gone.
  const told = linesOf(ending).filter((line) => !/nothing could be|the outage of/.test(line));
  expect(told).toEqual(told.map(() => expect.stringMatching(notice)));
  expect(told.length).toBeLessThanOrEqual(8);
});
