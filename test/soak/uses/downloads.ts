import { isAppendError, OssRequestError } from 'oss-append-stream';
import { patientSettings } from '../stream-options.js';
import type { World } from '../world.js';
import { Writer } from '../writer.js';

/** An object that is read back, sometimes not to its end. */
export async function download(world: World): Promise<void> {
  const { random, sharedClient: client, signal } = world;
  const writer = new Writer(world, 'read back', { ...patientSettings(world), client });
  writer.write(random.integer(1, 300_000));
  writer.stream.end();
  await writer.verify();

  const { key, source } = writer.subject;
  const start = random.integer(0, writer.written);
  try {
    const body = await client.getObject(key, { start, end: writer.written, signal });
    if (random.chance(0.3)) {
      body.destroy();
      return;
    }
    const pieces: Buffer[] = [];
    for await (const piece of body) pieces.push(piece);
    if (Buffer.concat(pieces).equals(source.bytes(start, writer.written))) return;
  } catch (error) {
    if (isAppendError(error) || error instanceof OssRequestError) return;
    throw error;
  }
  throw await writer.violation([`was read back with other bytes from ${start} on`], {});
}
