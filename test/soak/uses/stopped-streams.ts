import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { drawClient, sluggishSettings } from '../stream-options.js';
import type { World } from '../world.js';
import { Writer } from '../writer.js';

const kibibyte = 1024;

const tick = promisify(process.nextTick);

/** `destroy()` at any moment, with an error or without. */
export async function destroyed(world: World): Promise<void> {
  const { random } = world;
  const writer = openSluggish(world, 'destroyed');
  await writeForAWhile(world, writer);
  if (random.chance(0.2)) writer.stream.end();
  const error = Object.assign(new Error('The user gave up'), { code: 'IMPATIENT' });
  writer.stream.destroy(random.chance(0.3) ? error : undefined);
  await writer.verify({ outcomes: ['destroyed', 'IMPATIENT', 'finished'] });
}

/** A signal of its own that fires at any moment. */
export async function aborted(world: World): Promise<void> {
  const controller = new AbortController();
  const writer = openSluggish(world, 'aborted', { signal: controller.signal });
  await writeForAWhile(world, writer);
  controller.abort();
  await writer.verify({ outcomes: ['ABORT_ERR'] });
}

/** An aborted signal, or `destroy()` at once. */
export async function stillborn(world: World): Promise<void> {
  const isAborted = world.random.chance(0.5);
  const writer = openSluggish(world, 'stillborn', isAborted ? { signal: AbortSignal.abort() } : {});
  writer.stream.destroy();
  await writer.verify({ outcomes: ['ABORT_ERR', 'destroyed'] });
}

/** A pipeline whose source fails. */
export async function failingSource(world: World): Promise<void> {
  const { random, signal } = world;
  const writer = openSluggish(world, 'failing source');
  const source = async function* () {
    for (let pieces = random.integer(0, 20); pieces > 0; pieces--) {
      await wait(random.integer(0, 3));
      yield writer.take(random.integer(1, 3 * kibibyte));
    }
    throw Object.assign(new Error('The source has failed'), { code: 'NO_SOURCE' });
  };
  await pipeline(source, writer.stream, { signal }).catch(() => {});
  await writer.verify({ outcomes: ['NO_SOURCE'], isReadAhead: true });
}

function openSluggish(world: World, usage: string, own: { signal?: AbortSignal } = {}): Writer {
  return new Writer(world, usage, {
    ...drawClient(world),
    ...sluggishSettings(),
    chunkSize: world.random.pick([1, 4]) * kibibyte,
    flushInterval: world.random.pick([0, 60_000]),
    signal: world.random.chance(0.5) ? world.signal : undefined,
    ...own,
  });
}

async function writeForAWhile({ random }: World, writer: Writer): Promise<void> {
  for (let writes = random.integer(0, 12); writes > 0; writes--) {
    writer.write(random.integer(0, 2 * kibibyte));
    if (random.chance(0.5)) await wait(random.integer(0, 10));
  }
  // After a write it takes some microtasks until its request is sent.
  for (let moments = random.integer(0, 12); moments > 0; moments--) await undefined;
  if (random.chance(0.3)) await tick();
}
