import { finished } from 'node:stream/promises';
import { AppendWritable, OssClient } from 'oss-append-stream';
import { lineOf } from '../rollover/numbered-lines.js';
import type { SharingJob, SharingReport } from './sharing-job.js';

/** A writer that has written its lines, and is still open unless it failed. */
export interface OpenWriter {
  end(): Promise<SharingReport>;
}

/**
 * Writes the lines of a writer to an object that others append to as well, and resolves when all are
 * acknowledged or the stream has failed.
 *
 * @param onAcknowledged Told how many lines have been committed, each time there are more.
 */
export async function shareObject(
  job: SharingJob,
  onAcknowledged: (count: number) => void,
): Promise<OpenWriter> {
  const { writer, lineCount, maxSize } = job;
  const client = new OssClient(job.connection);
  const stream = new AppendWritable({
    client,
    key: job.key,
    conflict: 'rebase',
    recordDelimiter: '\n',
    seal: job.seal,
    chunkSize: job.chunkSize,
    highWaterMark: 2 * job.chunkSize,
    flushInterval: 20,
    requestTimeout: job.requestTimeout,
    retry: { retries: Number.POSITIVE_INFINITY, minTimeout: 10, maxTimeout: 40 },
    ...(maxSize === undefined ? {} : { rollover: { maxSize } }),
  });
  const unsealed: string[] = [];
  stream.on('seal', ({ key, error }) => error !== undefined && unsealed.push(key));
  const ending = finished(stream).then(
    () => undefined,
    (error: Error) => ({ code: String(Reflect.get(error, 'code')), message: error.message }),
  );
  let written = 0;
  let acknowledged = 0;
  while (written < lineCount && !stream.destroyed) {
    const hasRoom = stream.write(lineOf(writer, written++), (error) => {
      if (!error) onAcknowledged(++acknowledged);
    });
    if (hasRoom) continue;
    await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), ending]);
  }
  await Promise.race([stream.flush(), ending]).catch(() => {}); // `ending` has the error.
  return {
    async end() {
      if (!stream.destroyed) stream.end();
      const error = await ending;
      const left = stream.takeUncommitted();
      await client.close();
      const { conflicts, retries, rollovers } = stream.stats;
      return {
        writer,
        written,
        acknowledged,
        committed: stream.bytesWritten,
        conflicts,
        retries,
        rollovers,
        unsealed,
        error,
        rest: String(left?.bytes ?? ''),
        isConfirmed: left?.confirmed ?? true,
      };
    },
  };
}
