// Appends a file, or standard input, to an object: node pipe-a-file.js FILE|- BUCKET KEY
// Region, endpoint and credentials come from OSS_REGION, OSS_ENDPOINT, OSS_ACCESS_KEY_ID and
// OSS_ACCESS_KEY_SECRET.
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { AppendWritable } from 'oss-append-stream';

const [path, bucket, key] = process.argv.slice(2);
if (path === undefined || bucket === undefined || key === undefined) {
  throw new Error('Usage: pipe-a-file FILE|- BUCKET KEY');
}

const stream = new AppendWritable({ bucket, key });
await pipeline(path === '-' ? process.stdin : createReadStream(path), stream);
console.log(`${stream.bytesWritten} bytes appended to ${key}, now ${stream.position} bytes long`);
