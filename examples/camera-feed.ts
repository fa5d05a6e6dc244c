// A timed binary feed, as from a surveillance camera: 25 frames a second of 40 to 60 KB, each visible
// to readers of the object within half a second: node camera-feed.js BUCKET KEY SECONDS
// Region, endpoint and credentials come from the environment, as for pipe-a-file.
import { randomBytes, randomInt } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { setInterval } from 'node:timers/promises';
import { AppendWritable } from 'oss-append-stream';

const [bucket, key, seconds = '10'] = process.argv.slice(2);
if (bucket === undefined || key === undefined) throw new Error('Usage: camera-feed BUCKET KEY');

const stream = new AppendWritable({ bucket, key, flushInterval: 500, contentType: 'video/mp2t' });
stream.on('commit', ({ position, byteLength }) => console.log(`${position} +${byteLength}`));
await pipeline(camera(Number(seconds) * 25), stream);

async function* camera(frames: number): AsyncGenerator<Buffer> {
  for await (const _ of setInterval(40)) {
    if (frames-- <= 0) return;
    yield randomBytes(randomInt(40_000, 60_000));
  }
}
