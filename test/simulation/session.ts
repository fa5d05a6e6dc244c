import { AppendWritable } from '../../src/index.js';
import { FickleHabit } from './fickle-habit.js';
import { GreedyHabit } from './greedy-habit.js';
import type { Habit } from './habit.js';
import { SimulatedClient } from './simulated-client.js';
import { mostBytes } from './source-data.js';
import { drawStreamOptions } from './stream-options.js';
import { User } from './user.js';
import { Witness } from './witness.js';
import type { World } from './world.js';

/** The starting point of a stream. */
export interface Beginning {
  /** Number of the stream in its life, from 0. */
  readonly number: number;

  /** Offset in the source of its first byte. */
  readonly start: number;

  /** Bytes that the stream before handed back. */
  readonly rest: Buffer;

  /** Length that it requires of the object; the first stream of a life draws its own. */
  readonly position: number | undefined;

  /** Whether no append of the streams before can be applied any more. */
  readonly isClean: boolean;
}

/** One stream with its user and its witness. */
export class Session {
  readonly stream: AppendWritable;
  readonly user: User;
  readonly habit: Habit;
  readonly witness: Witness;

  constructor(world: World, beginning: Beginning) {
    const { chronicle, adversary, history, isGreedy, limits, budget } = world;
    const { number, start, rest, position, isClean } = beginning;
    const random = world.random.fork(`stream ${number}`);
    const drawn = drawStreamOptions(random, world, { isFirst: number === 0, position });
    const { options, chunkSize, flushInterval, bound, queueSize, recordDelimiter, refusal } = drawn;
    const client = new SimulatedClient(world);
    const controller = new AbortController();
    if (random.chance(0.005)) controller.abort();
    chronicle.tell('user', () => `opens a stream: ${JSON.stringify(options)}`);
    this.stream = new AppendWritable({
      ...world.alter(options),
      key: 'k',
      client: world.wrap(client),
      signal: controller.signal,
    });
    const abort = () => controller.abort();
    this.user = new User(this.stream, { start, rest, queueSize, random, chronicle, abort });
    this.user.hasGivenUp = controller.signal.aborted;
    this.witness = new Witness(this.stream, {
      history,
      chronicle,
      client,
      user: this.user,
      start,
      chunkSize,
      bound,
      recordDelimiter,
      refusal,
      isGreedy,
      isSealing: options.seal === true,
      // A seal of the stream before may be applied at any time.
      isSurvivable: adversary.isSurvivable && isClean && !history.mayBeSealed,
      isTruthful: adversary.appends['wrong-crc'] === undefined,
    });
    this.habit = isGreedy
      ? new GreedyHabit(this.stream, this.user, {
          random,
          chronicle,
          budget,
          restLength: rest.length,
          mostBytes: Math.min(Math.floor(1.4 * bound), mostBytes),
        })
      : new FickleHabit(this.stream, this.user, {
          random,
          chronicle,
          budget,
          chunkSize,
          flushInterval,
          start,
          recordDelimiter,
          restLength: rest.length,
          isImpulsive: !limits.without?.has('impulses'),
        });
    client.onAppend = (body) => this.witness.sent(body);
    client.onRequest = () => {
      if (this.stream.closed) chronicle.blame('it sent a request although it is closed');
      this.habit.hear();
    };
    this.habit.start();
  }
}
