import { once } from 'node:events';
import { ShutdownTimeoutError } from '../../errors.js';
import { formatDuration } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import type { UncommittedBytes } from '../../stream/uncommitted-bytes.js';
import { ReusableTimer } from '../../timers/reusable-timer.js';
import type { TerminatingSignal } from '../exit-code.js';
import { hasMore } from './rereadable.js';
import { Shutdown } from './shutdown.js';
import type { Source, SourceRange } from './source.js';
import { SourcePump } from './source-pump.js';

/**
 * Milliseconds that reading goes on after a signal: it may have gone to the whole pipeline, and what
 * is upstream may still write its last output.
 */
const gracePeriod = 1000;

export interface AppendRunOptions {
  readonly stream: AppendWritable;
  readonly sources: readonly Source[];

  /** Whether standard output gets a copy. */
  readonly tee: boolean;

  /** Milliseconds from a signal until it gives up. */
  readonly shutdownTimeout: number;
}

/** How it went. */
export interface AppendRunResult {
  /** Why it ended before everything was committed. */
  readonly error: Error | undefined;

  /** What told it to stop. */
  readonly signal: TerminatingSignal | undefined;

  /** When the process is to have ended, as `performance.now()`; with a signal. */
  readonly deadline: number | undefined;

  /** Whether the deadline or another signal came before everything was committed. */
  readonly isCutShort: boolean;

  /** What was read and is not known to be committed. */
  readonly uncommitted: UncommittedBytes | undefined;

  /** Where the uncommitted bytes were read, in their order. */
  readonly ranges: readonly SourceRange[];

  /** What was named and not read, each from the first such byte. */
  readonly unread: readonly Pick<SourceRange, 'name' | 'start'>[];
}

/** Appends sources to one object, from opening it to its last byte or to the signal to stop. */
export class AppendRun {
  readonly #stream: AppendWritable;
  readonly #pump: SourcePump;
  readonly #shutdown: Shutdown;
  readonly #shutdownTimeout: number;
  readonly #closed: Promise<unknown>;

  // After a blocked event loop they let an answer that has already arrived come first.
  readonly #deadlineTimer = new ReusableTimer();
  readonly #graceTimer = new ReusableTimer();
  #deadline: number | undefined;
  #failure: Error | undefined;
  #isCutShort = false;

  /** What the process will exit with, once that is known. */
  #exitCode: number | undefined;

  /** @param options With a stream that nobody has written to. */
  constructor({ stream, sources, tee, shutdownTimeout }: AppendRunOptions) {
    this.#stream = stream;
    this.#shutdownTimeout = shutdownTimeout;
    this.#pump = new SourcePump(sources, tee ? [stream, process.stdout] : [stream]);
    this.#shutdown = new Shutdown({
      onStop: () => this.#stop(),
      onHurry: (signal) => this.#hurry(signal),
    });
    stream.on('error', (error) => {
      this.#failure = error;
    });
    stream.on('close', () => this.#pump.stop());
    this.#closed = new Promise((resolve) => stream.on('close', resolve));
  }

  /** Resolves when the stream has closed, whatever closed it. */
  async finish(): Promise<AppendRunResult> {
    const stream = this.#stream;
    // Nothing is read before there is somewhere to put it.
    await Promise.race([once(stream, 'ready'), this.#closed]).catch(() => {});
    if (!stream.destroyed) await this.#feedAll();
    await this.#closed;
    this.#deadlineTimer.close();
    this.#graceTimer.close();
    return {
      error: this.#failure,
      signal: this.#shutdown.signal,
      deadline: this.#deadline,
      isCutShort: this.#isCutShort,
      uncommitted: this.#takeUncommitted(),
      ranges: this.#pump.rangesFrom(stream.bytesWritten),
      unread: this.#pump.unread.filter(hasMore),
    };
  }

  /** From now on a signal ends the process, with `exitCode`: all that was left to do is done. */
  conclude(exitCode: number): void {
    this.#exitCode = exitCode;
  }

  async #feedAll(): Promise<void> {
    try {
      await this.#pump.run();
    } catch (error) {
      this.#failure = error as Error;
    }
    // What was read is committed, also if the rest could not be.
    if (!this.#stream.destroyed) this.#stream.end();
  }

  #stop(): void {
    if (this.#exitCode !== undefined) process.exit(this.#exitCode);
    this.#deadline = performance.now() + this.#shutdownTimeout;
    const stream = this.#stream;
    if (stream.position === undefined) {
      stream.destroy(); // Nothing has been read yet.
      return;
    }
    const timeout = formatDuration(this.#shutdownTimeout);
    this.#deadlineTimer.start(this.#shutdownTimeout, () =>
      this.#giveUp(`Not everything could be committed within ${timeout} of the signal`),
    );
    if (this.#pump.hasWriter) {
      this.#pump.stopBehindCurrent();
      const grace = Math.min(gracePeriod, this.#shutdownTimeout / 2);
      this.#graceTimer.start(grace, () => this.#pump.stop());
    } else {
      this.#pump.stop();
    }
  }

  /** Leaves at once, and loses nothing. */
  #hurry(signal: TerminatingSignal): void {
    if (this.#exitCode !== undefined) process.exit(this.#exitCode);
    this.#deadline = performance.now();
    this.#giveUp(`Not everything could be committed before a second signal, ${signal}, came`);
  }

  #giveUp(what: string): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    // As long as the stream takes what has been read and not been passed on.
    this.#pump.stop();
    const { lastFailure: trouble } = stream.stats;
    const why = trouble === undefined ? '' : `: ${trouble.message}`;
    this.#isCutShort = true;
    stream.destroy(new ShutdownTimeoutError(`${what}${why}`, {}, trouble && { cause: trouble }));
  }

  #takeUncommitted(): UncommittedBytes | undefined {
    const { key, position } = this.#stream;
    const uncommitted = this.#stream.takeUncommitted();
    const { untaken } = this.#pump;
    if (untaken.byteLength === 0) return uncommitted;
    if (uncommitted === undefined) {
      return { key, position, bytes: untaken, confirmed: true, doubtful: 0 };
    }
    return { ...uncommitted, bytes: Buffer.concat([uncommitted.bytes, untaken]) };
  }
}
