// How close does AppendWritable come to a bare undici loop that sends one ready buffer after another,
// without retrying, reconciling or checking anything?
//
//   npm run bench -- append-throughput          128 MB for each figure
//   npm run bench -- append-throughput --quick  checks the harness, not the speed
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createCRC64 } from 'hash-wasm';
import { AppendWritable, OssClient } from 'oss-append-stream';
import { Client } from 'undici';
import { alternate, type Measurement, median, type Variant } from './alternate.js';
import { type AppendServer, startAppendServer } from './append-server.js';

const isQuick = process.argv.includes('--quick');
const repeats = isQuick ? 1 : 5;
const total = isQuick ? 4 * 2 ** 20 : 128 * 2 ** 20;
const credentials = { accessKeyId: 'bench', accessKeySecret: 'bench' };
const connection = { bucket: 'bench-bucket', region: 'cn-hangzhou', credentials };

const piece = Buffer.alloc(64 * 1024, 'x');
const line = `${'x'.repeat(199)}\n`;
let runs = 0;

for (const delay of [0, 5]) {
  const server = await startAppendServer(delay);
  for (const chunkSize of [2 ** 18, 2 ** 20, 2 ** 22]) {
    const appender = (name: string, source: () => Iterable<unknown>, verify: 'crc64' | 'none') =>
      appendWritable(server, { name, source, chunkSize, verify });
    const variants = [
      await rawLoop(server, chunkSize),
      appender('64 KiB buffers', pieces, 'crc64'),
      appender("64 KiB buffers, verify: 'none'", pieces, 'none'),
      appender('200 B lines', lines, 'crc64'),
    ];
    console.log(`\nserver delay ${delay} ms, chunks of ${chunkSize / 1024} KiB`);
    print(await alternate(variants, repeats));
  }
  server.process.disconnect();
}

function* pieces(): Iterable<Buffer> {
  for (let sent = 0; sent < total; sent += piece.byteLength) yield piece;
}

function* lines(): Iterable<string> {
  for (let sent = 0; sent < total; sent += line.length) yield line;
}

async function rawLoop({ endpoint }: AppendServer, chunkSize: number): Promise<Variant> {
  const hasher = await createCRC64();
  const chunk = Buffer.alloc(chunkSize, 'x');
  return {
    name: 'bare undici loop',
    async run() {
      // Not a Pool, which would open a second connection for requests in succession.
      const client = new Client(endpoint);
      const path = `/raw-${runs++}`;
      let position = 0;
      let crc64 = '';
      while (position < total) {
        const { headers, body } = await client.request({
          ...{ method: 'POST', path: `${path}?append&position=${position}`, body: chunk },
          headers: { 'content-length': String(chunk.byteLength) },
        });
        await body.dump();
        position += chunk.byteLength;
        assertEqual('position', headers['x-oss-next-append-position'], String(position));
        crc64 = String(headers['x-oss-hash-crc64ecma']);
      }
      await client.close();
      hasher.init();
      for (let sent = 0; sent < position; sent += chunk.byteLength) hasher.update(chunk);
      assertEqual('CRC-64', crc64, BigInt(`0x${hasher.digest('hex')}`).toString());
      return position;
    },
  };
}

function appendWritable(
  { endpoint }: AppendServer,
  options: {
    name: string;
    source: () => Iterable<unknown>;
    chunkSize: number;
    verify: 'crc64' | 'none';
  },
): Variant {
  const { name, source, chunkSize, verify } = options;
  return {
    name,
    async run() {
      const key = `stream-${runs++}`;
      const client = new OssClient({ ...connection, endpoint });
      const stream = new AppendWritable({ client, key, chunkSize, verify });
      for (const data of source()) if (!stream.write(data)) await once(stream, 'drain');
      stream.end();
      await finished(stream);
      const state = await client.headObject(key);
      await client.close();
      assertEqual('length', state?.length, stream.bytesWritten);
      return stream.bytesWritten;
    },
  };
}

function print(measurements: readonly Measurement[]): void {
  const rows = measurements.map(({ name, rates, ratios }) => ({
    variant: name,
    'MB/s (median)': Math.round(median(rates)),
    'ratio (median)': median(ratios).toFixed(2),
    least: Math.min(...ratios).toFixed(2),
    most: Math.max(...ratios).toFixed(2),
  }));
  console.table(rows);
}

function assertEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new Error(`Cannot trust this run: ${what} is ${actual} instead of ${expected}`);
}
