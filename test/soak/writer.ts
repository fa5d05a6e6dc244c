import { inspect } from 'node:util';
import { AppendWritable, type UncommittedBytes } from 'oss-append-stream';
import { type Ending, examineEnding, type Interference } from './examine-ending.js';
import { StreamLog } from './stream-log.js';
import type { StreamSettings } from './stream-options.js';
import { Violation } from './violation.js';
import type { Subject, World } from './world.js';

interface WriterOptions extends StreamSettings {
  /** @default a new object */
  readonly subject?: Subject;

  /** @default 0 */
  readonly base?: number;
}

/** The allowed outcome of a stream. */
export interface Verification {
  /** @default ['finished'] */
  readonly outcomes?: readonly string[];

  /** @default 'none' */
  readonly interference?: Interference;

  /** Whether bytes may have been taken from the source without being passed to the stream. */
  readonly isReadAhead?: boolean;
}

/**
 * Writes a source to a stream, records its acknowledgements, and verifies the object at the end.
 */
export class Writer {
  readonly stream: AppendWritable;
  readonly subject: Subject;

  /** Bytes passed to the stream. */
  written = 0;

  /** Offset in the object of the stream's first byte. */
  base: number;
  readonly #world: World;
  readonly #usage: string;
  readonly #log: StreamLog;
  readonly #closed: Promise<unknown>;
  #acknowledged = 0;

  constructor(world: World, usage: string, options: WriterOptions) {
    const { subject = world.createSubject(usage), base = 0, ...settings } = options;
    this.#world = world;
    this.#usage = usage;
    this.subject = subject;
    this.base = base;
    this.stream = world.streams.add(new AppendWritable({ ...settings, key: subject.key }));
    this.#log = new StreamLog(this.stream);
    this.#closed = new Promise((resolve) => this.stream.once('close', resolve));
    world.underway.add(this);
  }

  /**
   * Writes the next `length` bytes of the source, in one of several ways, unless the stream ended.
   */
  write(length: number): boolean {
    const { stream } = this;
    if (stream.destroyed || stream.writableEnded) return false;
    const bytes = this.take(length);
    const acknowledge = this.acknowledgement();
    switch (this.#world.random.integer(0, 2)) {
      case 0:
        return stream.write(bytes.toString('latin1'), 'latin1', acknowledge);
      case 1:
        return stream.write(bytes, acknowledge);
      default:
        return stream.write(bytes);
    }
  }

  /** The next `length` bytes of the source, which the caller is about to write. */
  take(length: number): Buffer {
    const start = this.base + this.written;
    this.written += length;
    return this.subject.source.bytes(start, start + length);
  }

  /** Returns a callback that records the commit of everything written so far. */
  acknowledgement(): (error?: Error | null) => void {
    const end = this.written;
    return (error) => {
      if (!error) this.#acknowledged = Math.max(this.#acknowledged, end);
    };
  }

  /** Commits everything that was written. */
  async flush(): Promise<void> {
    const acknowledge = this.acknowledgement();
    await this.stream.flush();
    acknowledge();
  }

  /** Verifies the object after a flush, while the stream stays open. */
  async verifyFlushed(): Promise<void> {
    const { subject, stream, written, base } = this;
    const object = await this.#world.store.call('compare', subject.key, subject.number);
    const end = base + written;
    if (object.length === end && object.matching === end && stream.bytesWritten === written) return;
    throw await this.violation([`flushed ${written} bytes that are not all in the object`], {
      object,
    });
  }

  /** Waits for the end of the stream, and verifies the object. */
  async verify(verification: Verification = {}): Promise<UncommittedBytes | undefined> {
    const { outcomes = ['finished'], interference = 'none', isReadAhead = false } = verification;
    await this.#closed;
    const { subject, stream, base } = this;
    const world = this.#world;
    const uncommitted = stream.takeUncommitted();
    const passed = stream.bytesWritten + (uncommitted?.bytes.byteLength ?? 0);
    const written = isReadAhead ? Math.min(passed, this.written) : this.written;
    const ending = this.#endingOf(written, uncommitted);
    const object = await world.store.call('compare', subject.key, subject.number);
    const rest = subject.source.bytes(base + ending.committed, base + written);
    const problems = examineEnding(ending, object, { outcomes, interference, rest });
    if (problems.length > 0) throw await this.violation(problems, { ending, object });
    world.tally.addStream(this.#usage, ending.outcome, stream.stats);
    world.underway.delete(this);
    world.overdue.push(subject.key);
    return uncommitted;
  }

  /**
   * Reports a broken guarantee of the stream, with the details that are needed to investigate it.
   */
  async violation(
    problems: readonly string[],
    circumstances: {
      readonly object?: { readonly next: string };
      readonly [name: string]: unknown;
    },
  ): Promise<Violation> {
    const { key, source } = this.subject;
    const next = Buffer.from(circumstances.object?.next ?? '', 'hex');
    const origin = source.indexOf(next, this.base + this.written);
    const requests = await this.#world.store.call('requestsOf', key).catch(() => []);
    return new Violation(
      [
        `A stream broke a guarantee: it ${problems.join(', and it ')}`,
        `circumstances: ${inspect(circumstances, { depth: 4 })}`,
        ...(origin < 0 ? [] : [`the bytes at the first difference belong at ${origin}`]),
        this.describe(),
        'last requests for the object:',
        ...requests.slice(-30).map((request) => `  ${JSON.stringify(request)}`),
      ].join('\n'),
    );
  }

  describe(): string {
    return `used as "${this.#usage}": ${this.#log}`;
  }

  #endingOf(written: number, uncommitted: UncommittedBytes | undefined): Ending {
    const { base, stream } = this;
    const { writableFinished, errored, bytesWritten: committed, position } = stream;
    const code = errored === null ? 'destroyed' : String(Reflect.get(errored, 'code') ?? errored);
    const outcome = writableFinished ? 'finished' : code;
    const acknowledged = this.#acknowledged;
    return { base, written, acknowledged, committed, position, outcome, uncommitted };
  }
}
