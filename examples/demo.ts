// Pipes a file into an OSS object on a bad network, while an emulator in another process loses
// answers, fails, resets and applies late; then reads the object back and compares every byte.
//
//   npm run demo              the Node.js binary itself, about 100 MB
//   npm run demo -- FILE      that file
//   npm run demo -- - < FILE  standard input
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { AppendWritable, OssClient } from 'oss-append-stream';
import { startEmulator } from 'oss-append-stream/emulator';

const bucket = 'examplebucket';
const key = 'demo/copy.bin';
const megabyte = 1e6;

if (process.argv[2] === '--emulate') await emulate();
else process.exitCode = await demonstrate(process.argv[2] ?? process.execPath);

async function emulate(): Promise<void> {
  await using emulator = await startEmulator({ seed: 2026 });
  const append = { operation: 'append' } as const;
  emulator.faults.add({ ...append, kind: 'drop-answer', probability: 0.06 });
  emulator.faults.add({ ...append, kind: 'error-500-after', probability: 0.05 });
  emulator.faults.add({ ...append, kind: 'drop-request', probability: 0.05 });
  emulator.faults.add({ ...append, kind: 'apply-late', probability: 0.05, delay: 100 });

  const { endpoint, region, credentials } = emulator;
  process.send?.({ endpoint, region, credentials });
  process.on('message', () => {
    const faults = emulator.requests.flatMap(({ fault }) => fault ?? []);
    const kinds = [...new Set(faults)].sort();
    const counts = kinds.map((kind) => `${faults.filter((it) => it === kind).length} ${kind}`);
    process.send?.(counts.join(', ') || 'none');
  });
  await once(process, 'disconnect');
}

async function demonstrate(path: string): Promise<number> {
  const emulator = fork(fileURLToPath(import.meta.url), ['--emulate']);
  const client = new OssClient({ bucket, ...(await answerOf(emulator)) });
  try {
    const stream = new AppendWritable({
      client,
      key,
      chunkSize: 2 ** 20,
      retry: { minTimeout: 50 },
    });
    const showProgress = progress(stream);
    stream.on('commit', showProgress);
    const sent = createHash('sha256');
    const source = path === '-' ? process.stdin : createReadStream(path);

    const started = performance.now();
    await pipeline(source, (pieces) => hashed(pieces, sent), stream);
    const seconds = (performance.now() - started) / 1000;

    const received = createHash('sha256');
    let length = 0;
    for await (const piece of hashed(await client.getObject(key), received)) {
      length += piece.byteLength;
    }
    emulator.send('faults');
    const faults = await answerOf(emulator);
    const isIdentical = sent.digest('hex') === received.digest('hex');
    return report(stream, { length, seconds, faults: String(faults), isIdentical });
  } finally {
    await client.close();
    emulator.disconnect();
  }
}

async function answerOf(child: ChildProcess) {
  const [message] = await once(child, 'message');
  return message;
}

async function* hashed(pieces: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>) {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

/** Rewrites one line on a terminal; elsewhere prints a line for every 20 MB. */
function progress(stream: AppendWritable): () => void {
  let printed = 0;
  return () => {
    const { bytesCommitted, retries, reconciles } = stream.stats;
    const line = `${(bytesCommitted / megabyte).toFixed(1)} MB committed, ${retries} retries, ${reconciles} reconciles`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line}\x1b[K`);
    else if (bytesCommitted - printed >= 20 * megabyte) {
      printed = bytesCommitted;
      process.stderr.write(`${line}\n`);
    }
  };
}

function report(
  { bytesWritten, stats }: AppendWritable,
  result: { length: number; seconds: number; faults: string; isIdentical: boolean },
): number {
  const { length, seconds, faults, isIdentical } = result;
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(`faults injected: ${faults}`);
  console.log(`bytes:           ${bytesWritten}`);
  console.log(`appends:         ${stats.appends} (${stats.attempts} attempts)`);
  console.log(`retries:         ${stats.retries}`);
  console.log(`reconciles:      ${stats.reconciles}`);
  console.log(`lost:            ${Math.max(0, bytesWritten - length)}`);
  console.log(`duplicated:      ${Math.max(0, length - bytesWritten)}`);
  console.log(`throughput:      ${(bytesWritten / megabyte / seconds).toFixed(1)} MB/s`);
  console.log(`SHA-256:         ${isIdentical ? 'identical' : 'DIFFERENT'}`);
  return isIdentical && length === bytesWritten ? 0 : 1;
}
