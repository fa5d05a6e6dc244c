import type { AppendWritableOptions } from '../../src/index.js';
import type { Random } from './random.js';
import { maxSizeOf, rollingOptions } from './rolling-plan.js';
import { longestRecord, type RecordEnd, type Source } from './source.js';
import { drawChunkSize, type World } from './world.js';

/** Least bytes of Node's own queue, for any bound. */
const leastQueueSize = 64 * 1024;

/** Options of a stream, and what follows from them. */
export interface StreamOptions {
  readonly options: Partial<AppendWritableOptions>;
  readonly chunkSize: number;
  readonly flushInterval: number;

  /** Most bytes that it may hold, in addition to the largest write. */
  readonly bound: number;

  /** Bytes of these that Node's own queue may hold before `write()` returns false. */
  readonly queueSize: number;

  /** Ends each record, if chunks must end with records. */
  readonly recordDelimiter: string | undefined;

  /** Most bytes of an object of a rolling plan. */
  readonly maxSize: number;

  /** Code of the error with which opening must fail, if it must. */
  readonly refusal: string | undefined;
}

interface StreamPlace {
  readonly isFirst: boolean;
  readonly position: number | undefined;
  readonly source: Source;
}

/**
 * @param position Length that a continuing stream requires of the object; the first draws its own.
 */
export function drawStreamOptions(
  random: Random,
  world: World,
  { isFirst, position, source }: StreamPlace,
): StreamOptions {
  const { adversary, isRebasing, isRush, writers, plan } = world;
  const chunkSize = isFirst ? world.chunkSize : drawChunkSize(random, world);
  // One of several writers cannot know what the others have done to the object.
  const hasDemands = isFirst && writers === 1;
  const demands = hasDemands ? drawOpening(random, world) : { position };
  const opening = openingOf(world, chunkSize, demands);
  const least = 2 * chunkSize;
  const highWaterMark = drawHighWaterMark(random, world, least);
  const flushInterval = random.pick([0, 5, 50, 1000, Number.POSITIVE_INFINITY]);
  const noEnd = isRebasing ? [] : [undefined, undefined, undefined];
  const recordEnd = random
    .fork('records')
    .pick<RecordEnd | undefined>([...noEnd, '\n', '\n', '\r\n']);
  const recordDelimiter = recordEnd && source.delimiter(recordEnd);
  const bound = Math.max(highWaterMark ?? 2 ** 24, least + leastQueueSize);
  return {
    chunkSize,
    flushInterval,
    bound,
    recordDelimiter,
    queueSize: queueSizeOf(chunkSize, highWaterMark),
    refusal: hasDemands && plan === undefined ? refusalOf(opening, world) : undefined,
    maxSize:
      maxSizeOf(plan, chunkSize) ?? Math.max(5 * 2 ** 30 - (highWaterMark ?? 2 ** 24), chunkSize),
    options: {
      chunkSize,
      seal: (isFirst || plan !== undefined) && !isRush && random.fork('seal').chance(0.15),
      highWaterMark,
      flushInterval,
      recordDelimiter,
      ...opening,
      verify: adversary.isTelling ? 'crc64' : random.pick(['crc64', 'none']),
      requestTimeout: isRush ? 60_000 : random.pick([50, 300, 60_000]),
      retry: {
        retries: drawRetries(random, adversary),
        ...(adversary.isSurvivable || random.chance(0.7) ? {} : { maxRetryTime: 500 }),
        minTimeout: random.pick([0, 20, 200]),
        maxTimeout: 2000,
      },
    },
  };
}

/** Endless ones where the stream survives everything, and some where it must end all the same. */
function drawRetries(random: Random, { isSurvivable, deeds }: World['adversary']): number {
  if (isSurvivable) return Number.POSITIVE_INFINITY;
  const retries = random.integer(0, 8);
  // A stream must notice that no time heals a refusal.
  const isEndless = random.fork('endless').chance(deeds.includes('retains') ? 0.7 : 0.2);
  return isEndless ? Number.POSITIVE_INFINITY : retries;
}

/** What the bound leaves to Node's queue after the chunk in flight and at most 64 waiting ones. */
function queueSizeOf(chunkSize: number, highWaterMark = 2 ** 24): number {
  const rest = highWaterMark - chunkSize;
  const waiting = Math.min(rest - leastQueueSize, 64 * chunkSize);
  return Math.max(rest - Math.max(waiting, chunkSize), leastQueueSize);
}

type Opening = Pick<AppendWritableOptions, 'flags' | 'position'>;

/** With several objects or writers a stream demands nothing but, perhaps, a new object. */
function openingOf(world: World, chunkSize: number, demands: Opening) {
  const { plan, isRebasing } = world;
  if (plan === undefined && !isRebasing) return demands;
  const { flags } = demands;
  return {
    ...(plan && rollingOptions(plan, chunkSize)),
    ...(flags && { flags }),
    ...(isRebasing && { conflict: 'rebase' as const }),
  };
}

function drawHighWaterMark(random: Random, world: World, least: number): number | undefined {
  const { isGreedy, isRebasing, adversary } = world;
  if (isGreedy) return random.pick([least, least + leastQueueSize / 2, least + leastQueueSize]);
  const drawn = random.pick([undefined, least, 100_000]);
  // A record that is longer ends the stream.
  const mustFit = isRebasing && (adversary.isSurvivable || random.chance(0.8));
  return drawn && mustFit ? Math.max(drawn, longestRecord) : drawn;
}

function drawOpening(random: Random, { base = 0 }: World): Opening {
  const demand = random.weighted({ none: 85, 'the right position': 10, 'another one': 2, ax: 3 });
  if (demand === 'none') return {};
  if (demand === 'ax') return { flags: 'ax' };
  return { position: demand === 'another one' ? base + random.pick([1, 5]) : base };
}

function refusalOf({ flags, position }: Opening, { base, adversary }: World): string | undefined {
  // Without HEAD the stream cannot know whether the object exists.
  if (flags === 'ax' && adversary.isBlind) return 'APPEND_ERR_SERVICE';
  if (flags === 'ax' && base !== undefined) return 'APPEND_ERR_EXISTS';
  if (position !== undefined && position !== (base ?? 0)) return 'APPEND_ERR_DIVERGED';
  return undefined;
}
