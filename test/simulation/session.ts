import { AppendWritable } from '../../src/index.js';
import { FickleHabit } from './fickle-habit.js';
import { GreedyHabit } from './greedy-habit.js';
import type { Habit } from './habit.js';
import type { Ledger } from './ledger.js';
import type { Random } from './random.js';
import { RebaseWitness } from './rebase-witness.js';
import { RollWitness } from './roll-witness.js';
import { SimulatedClient } from './simulated-client.js';
import { mostBytes } from './source.js';
import { drawStreamOptions } from './stream-options.js';
import { User } from './user.js';
import { Witness } from './witness.js';
import type { World } from './world.js';

/** Most bytes of a write, so that it may have several records. */
const bytesOfRecords = 150;

/** Bytes of each writer of a rush. */
const bytesOfRush = 3000;

/** Most appends of others that a chunk may wait for when all contend and nothing fails. */
const mostWaits = 100;

/** The starting point of a stream. */
export interface Beginning {
  /** Number of the stream among those of its writer, from 0. */
  readonly number: number;

  /** Offset in the source of its first byte. */
  readonly start: number;

  /** The bytes of its writer that have landed. */
  readonly ledger: Ledger;

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

  /** @param random Numbers of its writer. */
  constructor(world: World, beginning: Beginning, writer: Random) {
    const { chronicle, adversary, store, key, isGreedy, limits, budget, plan, time } = world;
    const { isRebasing, isRush } = world;
    const { number, start, ledger, rest, position, isClean } = beginning;
    const { source } = ledger;
    const random = writer.fork(`stream ${number}`);
    const drawn = drawStreamOptions(random, world, { isFirst: number === 0, position, source });
    const {
      options,
      chunkSize,
      maxSize,
      flushInterval,
      bound,
      queueSize,
      recordDelimiter,
      refusal,
    } = drawn;
    const client = new SimulatedClient(world, ledger);
    const controller = new AbortController();
    if (random.chance(0.005)) controller.abort();
    chronicle.tell('user', () => `opens a stream: ${JSON.stringify(options)}`);
    this.stream = new AppendWritable({
      key,
      ...world.alter(options),
      client: world.wrap(client),
      signal: controller.signal,
    });
    const abort = () => controller.abort();
    const { sent } = client;
    this.user = new User(this.stream, {
      ...{ source, start, rest, sent },
      ...{ queueSize, random, chronicle, abort, isRebasing },
    });
    client.offset = () => this.user.committed;
    this.user.hasGivenUp = controller.signal.aborted;
    const { writes } = this.user;
    const isTruthful = adversary.appends['wrong-crc'] === undefined;
    const accepted = () => start + this.stream.stats.bytesAccepted;
    const rolling =
      plan &&
      new RollWitness({
        ...{ plan, store, chronicle, time, sent, ledger, writes, start, recordDelimiter },
        ...{ maxSize, bound, isTruthful, accepted, isExclusive: options.flags === 'ax' },
      });
    const { user } = this;
    const rebasing = isRebasing
      ? new RebaseWitness({
          ...{ store, chronicle, client, ledger, start, chunkSize },
          recordDelimiter: recordDelimiter as string,
          mostWaits: isRush ? mostWaits : Number.POSITIVE_INFINITY,
          hasEnded: () => user.hasEnded,
        })
      : undefined;
    this.witness = new Witness(this.stream, {
      rolling,
      rebasing,
      conflict: options.conflict ?? 'fail',
      store,
      chronicle,
      client,
      user: this.user,
      ledger,
      start,
      chunkSize,
      bound,
      recordDelimiter,
      refusal,
      isGreedy,
      isSealing: options.seal === true,
      isSurvivable: () => adversary.isSurvivable && isUndisturbed(world, isClean),
      isTruthful,
    });
    this.habit =
      isGreedy || isRush
        ? new GreedyHabit(this.stream, this.user, {
            random,
            chronicle,
            budget,
            restLength: rest.length,
            mostBytes: isRush ? bytesOfRush : Math.min(Math.floor(1.4 * bound), mostBytes),
          })
        : new FickleHabit(this.stream, this.user, {
            random,
            chronicle,
            budget,
            source,
            chunkSize,
            flushInterval,
            start,
            recordDelimiter,
            restLength: rest.length,
            isUndivided: isRebasing,
            mostOfWrite: Math.max(3 * chunkSize, isRebasing ? bytesOfRecords : 0),
            isBrief: world.writers > 1,
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

/** Whether no other stream can keep one with endless retries from going on. */
function isUndisturbed(world: World, isClean: boolean): boolean {
  const { plan, writers, store, key, adversary, isRebasing } = world;
  // One that shares its object goes on whoever appends, unless it may not read the bytes back.
  if (isRebasing && !adversary.isBlind) return plan !== undefined || !store.history(key).wasClosed;
  // A seal of the stream before may be applied at any time, and others may append first.
  if (plan === undefined) return isClean && writers === 1 && !store.history(key).mayBeSealed;
  if (plan.keys.isUnique) return true;
  // Without reading, bytes that are there already cannot be told from a chunk without an answer.
  if (adversary.isBlind) return writers === 1 && plan.objects.size === 0;
  return writers === 1 || plan.conflict === 'rollover';
}
