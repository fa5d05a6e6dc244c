import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { AppendWritable } from 'oss-append-stream';
import { type Job, type Report, writeLength } from './job.js';
import { sourceBytes } from './source-bytes.js';

let tokens = 0;

/** Writes the source through an `AppendWritable`, in writes that do not align with its chunks. */
export async function writeWithStream(job: Job): Promise<Report> {
  const { connection, key, byteLength, chunkSize, retries, backoff, requestTimeout } = job;
  const { credentials, ...rest } = connection;
  const stream = new AppendWritable({
    ...rest,
    key,
    chunkSize,
    requestTimeout,
    flushInterval: Number.POSITIVE_INFINITY,
    // A new token on each call replaces an expired one.
    credentials: () => ({ ...credentials, securityToken: `token-${++tokens}` }),
    retry: { retries, minTimeout: backoff, maxTimeout: 4 * backoff },
  });
  const sha256 = createHash('sha256');
  let written = 0;
  let acknowledged = 0;
  const writing = (async () => {
    const source = sourceBytes(byteLength);
    const step = writeLength(job);
    for (let start = 0; start < byteLength; start += step) {
      const data = source.subarray(start, start + step);
      sha256.update(data);
      written += data.length;
      const hasRoom = stream.write(data, (error) => {
        if (!error) acknowledged = start + data.length;
      });
      if (!hasRoom) await once(stream, 'drain');
    }
    stream.end();
  })();
  const [ending] = await Promise.allSettled([finished(stream), writing]);
  const { bytesWritten, stats } = stream;
  const left = stream.takeUncommitted();
  return {
    committed: bytesWritten,
    written,
    sha256: sha256.digest('hex'),
    ...(ending.status === 'rejected' ? { error: describe(ending.reason) } : {}),
    isConfirmed: left?.confirmed ?? true,
    restSha256: createHash('sha256')
      .update(left?.bytes ?? '')
      .digest('hex'),
    acknowledged,
    retries: stats.retries,
    reconciles: stats.reconciles,
  };
}

function describe(error: unknown): NonNullable<Report['error']> {
  const { name, message } = error as Error;
  return { name, message, code: String(Reflect.get(Object(error), 'code')) };
}
