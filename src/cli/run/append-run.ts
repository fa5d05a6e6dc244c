import { once } from 'node:events';
import { ShutdownTimeoutError } from '../../errors.js';
import { formatDuration } from '../../quantity.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import type { SealEvent } from '../../stream/events.js';
import type { UncommittedBytes } from '../../stream/uncommitted-bytes.js';
import { ReusableTimer } from '../../timers/reusable-timer.js';
import type { TerminatingSignal } from '../exit-code.js';
import { hasMore } from './rereadable.js';
import { Shutdown } from './shutdown.js';
import type { SourceRange } from './source.js';
import { SourcePump, type Sources } from './source-pump.js';

/**
 * Milliseconds that reading continues after a signal: the whole pipeline may have received it, and
 * upstream processes may still write their last output.
 */
const gracePeriod = 1000;

export interface AppendRunOptions {
  readonly stream: AppendWritable;
  readonly sources: Sources;

  /** Whether standard output gets a copy. */
  readonly tee: boolean;

  /** Milliseconds from a signal until the run gives up. */
  readonly shutdownTimeout: number;
}

/** The result of a run. */
export interface AppendRunResult {
  /** Why it ended before everything was committed. */
  readonly error: Error | undefined;

  /** The signal that stopped it. */
  readonly signal: TerminatingSignal | undefined;

  /** When the process must have ended, as `performance.now()`; `undefined` without a signal. */
  readonly deadline: number | undefined;

  /** Whether the deadline or a second signal came before everything was committed. */
  readonly isCutShort: boolean;

  /** Bytes that were read and are not known to be committed. */
  readonly uncommitted: UncommittedBytes | undefined;

  /** Where the uncommitted bytes were read, in order. */
  readonly ranges: readonly SourceRange[];

  /** The first attempt to seal an object that failed, or else the last one. */
  readonly seal: SealEvent | undefined;

  /** Sources that were not read, or not to their end, each from its first unread byte. */
  readonly unread: readonly Pick<SourceRange, 'name' | 'start'>[];
}

/** Appends sources until all are committed or a signal stops it. */
export class AppendRun {
  readonly #stream: AppendWritable;
  readonly #pump: SourcePump;
  readonly #shutdown: Shutdown;
  readonly #shutdownTimeout: number;
  readonly #closed: Promise<unknown>;

  // ReusableTimers: after a blocked event loop they let an answer already received come first.
  readonly #deadlineTimer = new ReusableTimer();
  readonly #graceTimer = new ReusableTimer();
  #deadline: number | undefined;
  #failure: Error | undefined;
  #seal: SealEvent | undefined;
  #isCutShort = false;

  /** The exit code of the process, once it is known. */
  #exitCode: number | undefined;

  /** @param options Its stream must not have been written to. */
  constructor({ stream, sources, tee, shutdownTimeout }: AppendRunOptions) {
    this.#stream = stream;
    this.#shutdownTimeout = shutdownTimeout;
    this.#pump = new SourcePump(sources, tee ? [stream, process.stdout] : [stream]);
    this.#shutdown = new Shutdown({
      onStop: () => this.#stop(),
      onForce: (signal) => this.#stopNow(signal),
    });
    stream.on('error', (error) => {
      this.#failure = error;
    });
    stream.on('seal', (event) => {
      if (this.#seal?.error === undefined) this.#seal = event;
    });
    stream.on('close', () => this.#pump.stop());
    this.#closed = new Promise((resolve) => stream.on('close', resolve));
  }

  /** Resolves when the stream has closed, for whatever reason. */
  async finish(): Promise<AppendRunResult> {
    const stream = this.#stream;
    // Do not read before the object is open: a failure to open must not cost any bytes.
    await Promise.race([once(stream, 'ready'), this.#closed]).catch(() => {});
    if (!stream.destroyed) await this.#appendAll();
    await this.#closed;
    this.#deadlineTimer.close();
    this.#graceTimer.close();
    return {
      error: this.#failure,
      signal: this.#shutdown.signal,
      deadline: this.#deadline,
      isCutShort: this.#isCutShort,
      seal: this.#seal,
      uncommitted: this.#takeUncommitted(),
      ranges: this.#pump.rangesFrom(stream.bytesWritten),
      unread: this.#pump.unread.filter(hasMore),
    };
  }

  /** From now on a signal ends the process with `exitCode`: there is no work left. */
  conclude(exitCode: number): void {
    this.#exitCode = exitCode;
  }

  async #appendAll(): Promise<void> {
    try {
      await this.#pump.run();
    } catch (error) {
      this.#failure = error as Error;
    }
    // Commit what was read even if a source failed.
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
      this.#giveUp(`within ${timeout} of the signal`),
    );
    if (this.#pump.hasWriter) {
      this.#pump.stopAfterCurrent();
      const grace = Math.min(gracePeriod, this.#shutdownTimeout / 2);
      this.#graceTimer.start(grace, () => this.#pump.stop());
    } else {
      this.#pump.stop();
    }
  }

  /** Stops without waiting for commits; uncommitted bytes are still handed back. */
  #stopNow(signal: TerminatingSignal): void {
    if (this.#exitCode !== undefined) process.exit(this.#exitCode);
    this.#deadline = performance.now();
    this.#giveUp(`before a second signal, ${signal}, came`);
  }

  /** @param when The end of the sentence that says what was not done. */
  #giveUp(when: string): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    // Stop the pump before the stream is destroyed, while it still accepts the bytes already read.
    this.#pump.stop();
    const isAllCommitted = stream.writableEnded && stream.writableLength === 0;
    const what = isAllCommitted
      ? 'The object could not be sealed'
      : 'Not everything could be committed';
    const { lastFailure: trouble } = stream.stats;
    const why = trouble === undefined ? '' : `: ${trouble.message}`;
    this.#isCutShort = true;
    stream.destroy(
      new ShutdownTimeoutError(`${what} ${when}${why}`, {}, trouble && { cause: trouble }),
    );
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
