import { finished } from 'node:stream/promises';
import { type AppendClient, AppendWritable, OssClient } from 'oss-append-stream';
import { linesOf } from './numbered-lines.js';
import type { KillPoint, Rolled, RollingJob, RollingReport } from './rolling-job.js';

export interface WriterHooks {
  /** Told how many lines have been committed, each time there are more. */
  onAcknowledged?(count: number): void;

  /** The first line is written when this has been resolved, and the stream is open. */
  onReady?(): Promise<void>;
}

/** Writes the lines of a life. */
export async function writeLines(
  job: RollingJob,
  { onAcknowledged = () => {}, onReady = async () => {} }: WriterHooks = {},
): Promise<RollingReport> {
  const client = new OssClient(job.connection);
  const stream = new AppendWritable({
    client: job.killAt === undefined ? client : suicidal(client, job.killAt),
    key: job.key,
    rollover: { maxSize: job.maxSize },
    recordDelimiter: job.hasRecords ? '\n' : false,
    seal: job.seal,
    conflict: job.conflict,
    chunkSize: job.chunkSize,
    flushInterval: Number.POSITIVE_INFINITY,
    requestTimeout: job.requestTimeout,
    retry: { retries: job.retries, minTimeout: job.backoff, maxTimeout: 4 * job.backoff },
  });
  const rolled: Rolled[] = [];
  const sealed: string[] = [];
  const unsealed: string[] = [];
  stream.on('rollover', ({ from, to, reason }) => {
    rolled.push({ from: from.key, position: from.position, to: to.key, reason });
  });
  stream.on('seal', ({ key, error }) => (error === undefined ? sealed : unsealed).push(key));
  const ending = finished(stream).then(
    () => undefined,
    (error: Error) => ({ code: String(Reflect.get(error, 'code')), message: error.message }),
  );
  // What is accepted before that may come on top of the size.
  await Promise.race([new Promise((resolve) => stream.once('ready', resolve)), ending]);
  await onReady();
  let written = 0;
  let acknowledged = 0;
  for (const line of linesOf(job.life, job.lineCount)) {
    if (stream.destroyed) break;
    written += line.length;
    const hasRoom = stream.write(line, (error) => {
      if (!error) onAcknowledged(++acknowledged);
    });
    if (hasRoom) continue;
    await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), ending]);
  }
  if (!stream.destroyed) stream.end();
  const error = await ending;
  const left = stream.takeUncommitted();
  await client.close();
  return {
    written,
    committed: stream.bytesWritten,
    acknowledged,
    error,
    rest: String(left?.bytes ?? ''),
    doubtful: left?.doubtful ?? 0,
    isConfirmed: left?.confirmed ?? true,
    rolled,
    sealed,
    unsealed,
  };
}

/** A client that kills the process at one of its requests, as `kill -9` does. */
function suicidal(client: AppendClient, { operation, key, nth, moment }: KillPoint): AppendClient {
  let seen = 0;
  const run = async <T>(name: string, itsKey: string, send: () => Promise<T>): Promise<T> => {
    const isIt = name === operation && itsKey === key && ++seen === nth;
    if (!isIt) return send();
    if (moment === 'before') kill();
    const sending = send();
    // Long enough for the request to leave, and too short for an answer that is delayed.
    if (moment === 'sent') setTimeout(kill, 20);
    const answer = await sending;
    if (moment === 'answered') kill();
    return answer;
  };
  return {
    appendObject: (itsKey, ...rest) =>
      run('append', itsKey, () => client.appendObject(itsKey, ...rest)),
    headObject: (itsKey, options) => run('head', itsKey, () => client.headObject(itsKey, options)),
    sealAppendObject: (itsKey, ...rest) =>
      run('seal', itsKey, () => client.sealAppendObject(itsKey, ...rest)),
    getObject: (itsKey, options) => client.getObject(itsKey, options),
    close: () => client.close(),
  };
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}
