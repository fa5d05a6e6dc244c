// A reader that goes on where another one stopped, as a program does that has saved key and position:
// node reader-process.js BUCKET TEMPLATE KEY POSITION
import { pipeline } from 'node:stream/promises';
import { AppendReadable } from 'oss-append-stream';

const [bucket = '', key = '', startKey = '', position = ''] = process.argv.slice(2);
const reader = new AppendReadable({
  bucket,
  key,
  rollover: true,
  follow: { pollInterval: 20, maxPollInterval: 100 },
  start: { key: startKey, position: Number(position) },
});
await pipeline(reader, process.stdout);
