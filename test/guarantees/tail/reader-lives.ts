import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { startCommand } from '../../helpers/command-line.js';
import { builtProgram } from '../../helpers/remote.js';
import type { ObjectPlace, Reading } from './tail-judge.js';

/** Maximum milliseconds between two pieces of what is read. */
const patience = 20_000;

export interface ReaderLivesOptions {
  readonly bucket: string;
  readonly template: string;
  readonly env: Readonly<Record<string, string>>;

  /** Maximum milliseconds from the first bytes that a reader prints until it is killed. */
  readonly longest: number;

  /** Resolves with the place after so many bytes of all objects. */
  readonly placeAfter: (byteLength: number) => Promise<ObjectPlace>;
}

/**
 * Reads with `oss-append tail -f` from the beginning, or with a reader that goes on where the one
 * before it was killed; one after the other.
 */
export class ReaderLives {
  readonly #options: ReaderLivesOptions;
  readonly #readings: Reading[] = [];
  readonly #progress = new EventEmitter().setMaxListeners(0);

  readonly #problems: string[] = [];

  /** Bytes from the beginning of the first object that this reader and those before it have printed. */
  #end = 0;

  /** Lines by life that this reader and those before it have printed, and the most that any have. */
  #lines = new Map<number, number>();
  readonly #most = new Map<number, number>();

  /** The beginning of a line whose end has not been printed. */
  #rest = '';

  constructor(options: ReaderLivesOptions) {
    this.#options = options;
  }

  get readings(): readonly Reading[] {
    return this.#readings;
  }

  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Resolves when a line of this life has been printed, with a function that counts them. */
  async isRead(life: number): Promise<() => number> {
    const count = () => this.#most.get(life) ?? 0;
    while (count() === 0) await once(this.#progress, 'bytes');
    return count;
  }

  /**
   * Kills `kills` readers, each at a random moment after its first bytes, and lets the last one print
   * as many bytes as all objects have in the end.
   */
  async run(kills: number, total: Promise<number>): Promise<void> {
    for (let killed = 0; killed < kills; killed++) {
      // Every other one begins afresh, so that both see every kind of moment.
      await this.#live(killed % 2 === 0, async () => {
        // When all is written there may be nothing left to print.
        await Promise.race([once(this.#progress, 'bytes'), total]);
        await wait(Math.random() * this.#options.longest);
        return 'SIGKILL';
      });
    }
    await this.#live(kills % 2 === 0, async () => {
      const length = await total;
      while (this.#end < length) {
        await once(this.#progress, 'bytes', { signal: AbortSignal.timeout(patience) });
      }
      return 'SIGTERM';
    });
  }

  async #live(isFresh: boolean, end: () => Promise<NodeJS.Signals>): Promise<void> {
    const { placeAfter } = this.#options;
    const start = isFresh ? undefined : await placeAfter(this.#end);
    if (isFresh) this.#begin();
    const pieces: Buffer[] = [];
    const child = this.#start(start);
    let errors = '';
    child.stderr?.on('data', (text) => {
      errors += text;
    });
    child.stdout?.on('data', (bytes: Buffer) => {
      pieces.push(bytes);
      this.#take(bytes);
    });
    const closed = once(child, 'close');
    const ended = closed.then(() => 'ended' as const);
    const signal = await Promise.race([end().catch(() => 'SIGKILL' as const), ended]);
    if (signal === 'ended') this.#problems.push(`a reader has ended: ${errors.trim()}`);
    else child.kill(signal);
    await closed;
    this.#readings.push({ start, printed: Buffer.concat(pieces) });
  }

  #begin(): void {
    this.#end = 0;
    this.#lines = new Map();
    this.#rest = '';
  }

  #take(bytes: Buffer): void {
    this.#end += bytes.byteLength;
    const lines = `${this.#rest}${bytes}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const life = Number(/^life (\d+), /.exec(line)?.[1]);
      const count = (this.#lines.get(life) ?? 0) + 1;
      this.#lines.set(life, count);
      this.#most.set(life, Math.max(count, this.#most.get(life) ?? 0));
    }
    this.#progress.emit('bytes');
  }

  #start(start: ObjectPlace | undefined): ChildProcess {
    const { bucket, template, env } = this.#options;
    if (start === undefined) {
      const flags = ['-f', '--poll-interval', '20ms', '--rollover', '--start', '0'];
      return startCommand(['tail', ...flags, `oss://${bucket}/${template}`], { env });
    }
    const program = builtProgram('test/guarantees/tail/reader-process');
    const args = [program, bucket, template, start.key, String(start.position)];
    return spawn(process.execPath, args, { env: { ...process.env, ...env } });
  }
}
