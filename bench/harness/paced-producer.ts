import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from './assignment.js';
import { makeSource, type SourceSetting } from './source.js';
import { median, quantile } from './statistics.js';

export interface PaceSetting extends SourceSetting {
  /** Bytes that are due per second. */
  readonly rate: number;

  /** Milliseconds before the measured writes. */
  readonly warmUp: number;

  /** Milliseconds during which the measured writes are due. */
  readonly duration: number;

  /** Milliseconds that the last of them may take. */
  readonly patience: number;
}

/** Where a producer writes to. */
export interface Sink {
  write(piece: Buffer | string): void;

  /** Whether it takes more now. A write that waits for room counts as late from when it was due. */
  hasRoom(): boolean;
}

/**
 * Writes at a steady rate, on a schedule that does not wait for the sink, and measures the time
 * from when each write was due to its acknowledgement, so that a sink that stalls cannot hide the
 * writes that it delayed. Goes on until all measured writes are acknowledged, so that the last ones
 * meet the same load as the first.
 */
export class PacedProducer extends EventEmitter<{ tick: [] }> {
  readonly #setting: PaceSetting;

  /** Milliseconds from one write to the next. */
  readonly #interval: number;

  /** Numbers of the first measured write, and of the first one after them. */
  readonly #first: number;
  readonly #end: number;
  readonly #latencies: number[] = [];
  readonly #commits: { readonly byteLength: number; readonly duration: number }[] = [];
  #startedAt = 0;
  #written = 0;
  #acknowledged = 0;

  constructor(setting: PaceSetting) {
    super();
    const { rate, pieceLength, warmUp, duration } = setting;
    this.#setting = setting;
    this.#interval = (1000 * pieceLength) / rate;
    this.#first = Math.ceil(warmUp / this.#interval);
    this.#end = Math.ceil((warmUp + duration) / this.#interval);
  }

  get #elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  get isDone(): boolean {
    const { warmUp, duration, patience } = this.#setting;
    return this.#acknowledged >= this.#end || this.#elapsed > warmUp + duration + patience;
  }

  /** Writes until it is done; emits `'tick'` after the writes that were due together. */
  async run(sink: Sink): Promise<void> {
    const { pieces } = makeSource(this.#setting);
    this.#startedAt = performance.now();
    while (!this.isDone) {
      const due = 1 + Math.floor(this.#elapsed / this.#interval);
      while (this.#written < due && sink.hasRoom()) {
        sink.write(pieces[this.#written++ % pieces.length] as Buffer | string);
      }
      this.emit('tick');
      await delay(1);
    }
    this.emit('tick');
  }

  /** Records that the first `count` writes have been committed. */
  acknowledge(count: number): void {
    const now = this.#elapsed;
    for (; this.#acknowledged < count; this.#acknowledged++) this.#measure(now);
  }

  /** Records that one more write has been committed. */
  acknowledgeNext(): void {
    this.acknowledge(this.#acknowledged + 1);
  }

  /** Records that an append has taken `duration` milliseconds. */
  committed(byteLength: number, duration: number): void {
    const isSteady = this.#elapsed > this.#setting.warmUp && !this.isDone;
    if (isSteady) this.#commits.push({ byteLength, duration });
  }

  /** The results. A write that was never acknowledged counts as acknowledged at the end. */
  figures(serverDelay: number): Figures {
    const share = this.#latencies.length / (this.#end - this.#first);
    this.acknowledge(this.#end);
    const p99 = quantile(this.#latencies, 0.99);
    return {
      'ack p50 ms': median(this.#latencies),
      'ack p99 ms': p99,
      'ack max ms': quantile(this.#latencies, 1),
      ...(serverDelay > 0 && { 'ack p99 by delay': p99 / serverDelay }),
      acknowledged: share,
      ...(this.#commits.length > 0 && this.#appendFigures(p99)),
    };
  }

  #appendFigures(p99: number): Figures {
    const service = median(this.#commits.map(({ duration }) => duration));
    const byteLength = this.#commits.reduce((sum, commit) => sum + commit.byteLength, 0);
    return {
      'ack p99 by service time': p99 / service,
      'service ms': service,
      'appends/GB': this.#commits.length / (byteLength / 1e9),
    };
  }

  #measure(now: number): void {
    const number = this.#acknowledged;
    if (number < this.#first || number >= this.#end) return;
    this.#latencies.push(now - number * this.#interval);
  }
}
