import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import {
  createProvider,
  drawClient,
  patientSettings,
  type StreamSettings,
} from '../stream-options.js';
import type { World } from '../world.js';
import { Writer } from '../writer.js';

const kibibyte = 1024;

/** A few lines, and the end. */
export async function short(world: World): Promise<void> {
  const { random } = world;
  const writer = openPatient(world, 'short', {
    chunkSize: random.pick([1, 4, 64]) * kibibyte,
    flushInterval: random.pick([0, 20, 1000, Number.POSITIVE_INFINITY]),
  });
  for (let lines = random.integer(0, 20); lines > 0; lines--) {
    writer.write(random.integer(0, 500));
    if (random.chance(0.2)) await wait(random.integer(0, 5));
    if (random.chance(0.1)) await writer.flush();
  }
  writer.stream.end(writer.acknowledgement());
  await writer.verify();
}

/** A source of large pieces through `pipeline()`. */
export async function piped(world: World): Promise<void> {
  const { random, signal } = world;
  const chunkSize = random.pick([64, 256, 1024]) * kibibyte;
  const total = random.integer(0, 8 * chunkSize);
  const writer = openPatient(world, 'piped', { chunkSize, requestTimeout: 60_000 });
  const source = Readable.from(pieces(writer, total), { objectMode: false });
  await pipeline(source, writer.stream, { signal });
  writer.acknowledgement()();
  await writer.verify();
}

function* pieces(writer: Writer, total: number): Generator<Buffer> {
  for (let rest = total; rest > 0; ) {
    const length = Math.min(rest, 200 * kibibyte);
    rest -= length;
    yield writer.take(length);
  }
}

/** More writes than there is room for, then a wait for 'drain'. */
export async function burst(world: World): Promise<void> {
  const { random } = world;
  const chunkSize = random.pick([16, 64]) * kibibyte;
  const writer = openPatient(world, 'burst', { chunkSize, highWaterMark: 4 * chunkSize });
  for (let rounds = random.integer(1, 3); rounds > 0; rounds--) {
    while (writer.write(random.integer(1, 2 * chunkSize)));
    writer.write(3 * chunkSize);
    await once(writer.stream, 'drain');
  }
  writer.stream.end();
  await writer.verify();
}

/** `append()`, whose promises resolve with the place of the bytes. */
export async function appending(world: World): Promise<void> {
  const { random } = world;
  const writer = openPatient(world, 'append()', {
    chunkSize: 4 * kibibyte,
    flushInterval: random.pick([0, 10]),
  });
  for (let rounds = random.integer(1, 3); rounds > 0; rounds--) {
    const appends = Array.from({ length: random.integer(1, 10) }, async () => {
      const start = writer.written;
      const bytes = writer.take(random.integer(0, 2000));
      const acknowledge = writer.acknowledgement();
      const range = await writer.stream.append(bytes);
      if (range.start !== start || range.end !== start + bytes.byteLength) {
        throw await writer.violation(['resolved append() with a wrong place'], { range, start });
      }
      acknowledge();
    });
    await Promise.all(appends);
  }
  writer.stream.end();
  await writer.verify();
}

/** Writes held back by `cork()`, and released by `uncork()`, `flush()` or `end()`. */
export async function corked(world: World): Promise<void> {
  const { random } = world;
  const writer = openPatient(world, 'corked', { chunkSize: 4 * kibibyte, flushInterval: 10 });
  for (let rounds = random.integer(1, 4); rounds > 0; rounds--) {
    writer.stream.cork();
    for (let writes = 0; writes < 5; writes++) writer.write(random.integer(0, 1500));
    if (random.chance(0.3)) await wait(random.integer(0, 5));
    const release = random.pick(['uncork', 'flush', 'none']);
    if (release === 'uncork') writer.stream.uncork();
    if (release === 'flush') await writer.flush();
  }
  writer.stream.end(writer.acknowledgement());
  await writer.verify();
}

/** `await using` */
export async function disposed(world: World): Promise<void> {
  const writer = openPatient(world, 'await using', { chunkSize: 4 * kibibyte });
  {
    await using stream = writer.stream;
    for (let lines = world.random.integer(0, 20); lines > 0; lines--) writer.write(300);
    void stream;
  }
  writer.acknowledgement()();
  await writer.verify();
}

/** Several streams at once on a client of their own, whose credentials expire. */
export async function together(world: World): Promise<void> {
  const { ownConnection, random, store } = world;
  const client = world.createClient({ ...ownConnection, credentials: createProvider(world) });
  const streams = Array.from({ length: 3 }, async () => {
    const writer = openPatient(world, 'together', { client, chunkSize: 4 * kibibyte });
    const { key } = writer.subject;
    await store.call('addFault', { kind: 'expired-token', operation: 'append', key, nth: 2 });
    for (let lines = random.integer(0, 40); lines > 0; lines--) writer.write(400);
    writer.stream.end();
    await writer.verify();
  });
  await Promise.all(streams);
  await client.close();
}

function openPatient(world: World, usage: string, settings: StreamSettings): Writer {
  const client = settings.client === undefined ? drawClient(world) : {};
  return new Writer(world, usage, { ...patientSettings(world), ...client, ...settings });
}
