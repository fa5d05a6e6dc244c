import type { AppendWritable } from '../../src/index.js';
import type { Chronicle } from './chronicle.js';
import type { Habit } from './habit.js';
import type { Random } from './random.js';
import type { Source } from './source.js';
import type { User } from './user.js';

/** Most bytes written in a life. */
const mostBytes = 4096;

/** The moves and their weights. */
const moves = {
  write: 14,
  append: 2,
  flush: 3,
  cork: 2,
  uncork: 3,
  wait: 1,
  end: 1,
  destroy: 0.3,
  abort: 0.2,
} as const;

type Move = keyof typeof moves;

interface FickleOptions {
  readonly source: Source;
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly chunkSize: number;
  readonly flushInterval: number;

  /** Offset in the source of the first byte of the stream. */
  readonly start: number;

  /** Ends each record, if chunks must end with records. */
  readonly recordDelimiter: string | undefined;

  /** Bytes that the stream before handed back, which are written first. */
  readonly restLength: number;

  /** Moves left for this user and those of later streams. */
  readonly budget: { left: number };

  /** Whether no record is divided between chunks, so that `flush()` waits for its end. */
  readonly isUndivided: boolean;

  /** Most bytes of a write. */
  readonly mostOfWrite: number;

  /** Whether to make few moves. */
  readonly isBrief: boolean;

  /** Whether to act also from within listeners and callbacks. */
  readonly isImpulsive: boolean;
}

/** Makes any move at any moment. */
export class FickleHabit implements Habit {
  readonly #stream: AppendWritable;
  readonly #user: User;
  readonly #options: FickleOptions;
  readonly #impulses: Random;
  #movesLeft: number;
  #isWaiting = false;

  constructor(stream: AppendWritable, user: User, options: FickleOptions) {
    this.#stream = stream;
    this.#user = user;
    this.#options = options;
    this.#impulses = options.random.fork('impulses');
    this.#movesLeft = options.random.integer(1, options.isBrief ? 10 : 25);
    user.onTold = () => this.hear();
    for (const event of ['ready', 'retry', 'reconcile', 'commit', 'drain']) {
      stream.on(event as 'drain', () => this.hear());
    }
  }

  start(): void {
    const { restLength } = this.#options;
    if (restLength > 0 && !this.#stream.destroyed) this.#user.write(restLength);
    this.#soon();
  }

  hear(): void {
    const { isImpulsive, chronicle } = this.#options;
    if (!isImpulsive || !this.#impulses.chance(0.05) || !this.#mayMove()) return;
    chronicle.count('move', 'impulses');
    this.#move();
  }

  wake(): boolean {
    if (!this.#isWaiting) return false;
    this.#isWaiting = false;
    this.#lookForLeftovers();
    this.#act();
    return true;
  }

  #soon(): void {
    const { random } = this.#options;
    setTimeout(() => this.#act(), random.next() * random.pick([1, 20, 300]));
  }

  #act(): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    if (--this.#movesLeft < 0 || !this.#mayMove()) this.#finish();
    else if (this.#move() === 'wait') this.#isWaiting = true;
    else this.#soon();
  }

  /** Whether another move is possible; takes it off the budget. */
  #mayMove(): boolean {
    if (this.#stream.destroyed || this.#stream.writableEnded) return false;
    return --this.#options.budget.left >= 0;
  }

  #move(): Move {
    const { random, chronicle } = this.#options;
    const user = this.#user;
    const move = random.weighted(moves);
    chronicle.count('move', move);
    chronicle.tell('user', () => `${move} at ${user.written}`);
    const most = Math.max(0, Math.min(this.#options.mostOfWrite, mostBytes - user.written));
    switch (move) {
      case 'write':
        if (!user.isFull) user.write(random.integer(0, most));
        break;
      case 'append':
        user.append(random.integer(0, most));
        break;
      case 'end':
        user.end(random.chance(0.3) ? random.integer(0, most) : undefined);
        break;
      case 'cork':
      case 'uncork':
        this.#stream[move]();
        break;
      case 'wait':
        this.#uncork();
        break;
      default:
        user[move]();
    }
    return move;
  }

  /** Ends the stream, or first waits until nothing moves any more. */
  #finish(): void {
    this.#uncork();
    if (this.#options.random.chance(0.1)) this.#isWaiting = true;
    else this.#user.end();
  }

  #uncork(): void {
    while (this.#stream.writableCorked > 0) this.#stream.uncork();
  }

  /** Called when nothing moves any more: all bytes due without a flush must have been sent. */
  #lookForLeftovers(): void {
    const { destroyed, writableCorked, writableLength } = this.#stream;
    if (destroyed || writableCorked > 0) return;
    const { chronicle, isUndivided } = this.#options;
    const most = this.#mostLeft();
    if (writableLength > most) chronicle.blame(`${writableLength} bytes were not sent`);
    const { isFull, waiting, flushes, written } = this.#user;
    if (isFull) chronicle.blame("'drain' was not emitted");
    const end = written - (isUndivided ? this.#unfinished : 0);
    const unanswered = writableLength === 0 ? waiting : flushes.filter((it) => it <= end).length;
    if (unanswered > 0) chronicle.blame(`${unanswered} callbacks did not run`);
  }

  /** Bytes that may wait for more: less than a chunk, or an unfinished record. */
  #mostLeft(): number {
    const { flushInterval, chunkSize, recordDelimiter, isUndivided } = this.#options;
    const unfinished = recordDelimiter === undefined ? 0 : this.#unfinished;
    const most = isUndivided ? Math.max(chunkSize - 1, unfinished) : chunkSize - 1;
    return flushInterval === Number.POSITIVE_INFINITY ? most : Math.min(most, unfinished);
  }

  /** Bytes written behind the last record. */
  get #unfinished(): number {
    const { start, source, recordDelimiter = '' } = this.#options;
    const { written } = this.#user;
    return written - source.lastRecordEnd(start, written, recordDelimiter);
  }
}
