import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { resultOf, startCommand } from '../../helpers/command-line.js';
import type { Life } from '../rollover/lives.js';
import { lineOf } from '../rollover/numbered-lines.js';

/** Lines of a writer that is stopped: a reader that begins afresh must be able to catch up. */
const mostLines = 15_000;

/** Lines of one write to standard input. */
const linesPerWrite = 40;

export interface WriterLivesOptions {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;

  /** Writers that are stopped before their input ends, one with SIGKILL, one with SIGTERM in turn. */
  readonly stops: number;

  /** Lines of the last writer, whose input ends. */
  readonly lineCount: number;

  /** Maximum milliseconds from the first line of a writer that a reader prints until its stop. */
  readonly longest: number;

  /** Resolves when a reader has printed a line of this life, with a function that counts them. */
  readonly isRead: (life: number) => Promise<() => number>;
}

/**
 * Writes lines with `oss-append`, and stops it at random moments. What a reader has printed of a
 * killed one counts as acknowledged, and of the others what they say to have committed.
 */
export async function liveAsWriters(options: WriterLivesOptions): Promise<Life[]> {
  const lives: Life[] = [];
  for (let life = 1; life <= options.stops + 1; life++) {
    lives.push(await liveAsWriter(life, options));
  }
  return lives;
}

async function liveAsWriter(
  life: number,
  { url, env, stops, lineCount, longest, isRead }: WriterLivesOptions,
): Promise<Life> {
  const isLast = life > stops;
  const isKilled = !isLast && life % 2 === 1;
  const flags = ['--rollover-size', '102400', '--chunk-size', '8KiB', '--flush-interval', '5ms'];
  const args = ['--json', '--quiet', '--record-delimiter', '\\n', ...flags, url];
  const child = startCommand(args, { env });
  const result = resultOf(child);
  const input = new AbortController();
  const lines = linesOf(life, isLast ? lineCount : mostLines, input.signal);
  const feeding = pipeline(
    isLast ? lines : open(lines, input.signal),
    child.stdin as Writable,
  ).catch((error) => {
    // The pipe of a process that is killed breaks.
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
  let acknowledged = 0;
  if (!isLast) {
    const countRead = await Promise.race([isRead(life), result.then(() => () => 0)]);
    await wait(Math.random() * longest);
    acknowledged = countRead();
    child.kill(isKilled ? 'SIGKILL' : 'SIGTERM');
    input.abort();
  }
  const { exitCode, stdout, stderr } = await result;
  await feeding;
  // The end of the input may come before the signal.
  const expected: (typeof exitCode)[] = isKilled ? ['SIGKILL'] : isLast ? [0] : [143, 0];
  const isExpected = expected.includes(exitCode);
  const error = isExpected ? undefined : `exit code ${exitCode}: ${stderr.trim()}`;
  if (!isKilled && error === undefined) {
    acknowledged = linesIn(life, Number(JSON.parse(stdout).bytesWritten));
  }
  return { life, isKilled, acknowledged, error };
}

/** The lines of a life until `signal` is aborted. */
async function* linesOf(life: number, lineCount: number, signal: AbortSignal) {
  for (let number = 0; number < lineCount && !signal.aborted; number += linesPerWrite) {
    const count = Math.min(linesPerWrite, lineCount - number);
    yield Array.from({ length: count }, (_, index) => lineOf(life, number + index)).join('');
    // So that the readers are not left behind.
    await wait(1);
  }
}

/** Ends not before `signal` is aborted. */
async function* open(lines: AsyncIterable<string>, signal: AbortSignal) {
  yield* lines;
  if (!signal.aborted) await once(signal, 'abort');
}

/** How many first lines of a life are so many bytes; `NaN` if the last one is not whole. */
function linesIn(life: number, byteLength: number): number {
  let count = 0;
  let sum = 0;
  for (; sum < byteLength; count++) sum += lineOf(life, count).length;
  return sum === byteLength ? count : Number.NaN;
}
