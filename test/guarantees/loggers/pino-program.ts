// Logs with pino, then ends as its job says.
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { AppendWritable } from 'oss-append-stream';
import createDestination from 'oss-append-stream/pino';
import { pino, type TransportTargetOptions } from 'pino';
import { builtProgram } from '../../helpers/remote.js';
import { dieOnPurpose } from './die-on-purpose.js';
import type { PinoSink } from './logger-case.js';
import { firstHalf, jobOfProcess, logOptions, streamOptions } from './logging-job.js';
import { logLines } from './numbered-line.js';

type Destination = ReturnType<typeof pino.transport> | Writable;

const job = jobOfProcess();
const sink = job.sink as PinoSink;
const options = logOptions(job);
const ours: TransportTargetOptions = { target: 'oss-append-stream/pino', options };
const folder = 'test/guarantees/loggers';

const destination = await open();
const log = pino(destination);
if (!sink.endsWith('careless')) takeCare();

logLines((fields, text) => log.info(fields, text), 1, firstHalf(job));
await once(destination, isOnMainThread() ? 'commit' : 'ready');
if (job.leaving === 'worker killed') await flush();
logLines((fields, text) => log.info(fields, text), firstHalf(job) + 1, job.lineCount);
await leave();

async function open(): Promise<Destination> {
  switch (sink) {
    case 'worker':
    case 'worker, careless':
      return pino.transport(ours);
    case 'worker, targets': {
      const other = { target: 'pino/file', options: { destination: '/dev/null' } };
      return pino.transport({ targets: [ours, other] });
    }
    case 'worker, pipeline':
      return pino.transport({
        pipeline: [{ target: builtProgram(`${folder}/pass-through`) }, ours],
      });
    case 'worker that acknowledges early': {
      const target = builtProgram(`${folder}/early-target`);
      return pino.transport({ target, options: streamOptions(job) });
    }
    case 'main thread':
    case 'main thread, careless':
      return createDestination(options);
    case 'AppendWritable, careless':
      return new AppendWritable(streamOptions(job));
  }
}

/** Installs the handlers that the documents ask for. */
function takeCare(): void {
  destination.on('error', ({ message }: Error) => console.error(message));
  if (!isOnMainThread()) {
    process.once('SIGTERM', () => process.exit(143));
    process.once('SIGINT', () => process.exit(130));
    return;
  }
  let isLeaving = false;
  const shutdown = (code: number) => {
    if (isLeaving) return;
    isLeaving = true;
    destination.once('close', () => process.exit(code));
    destination.end();
  };
  process.on('SIGTERM', () => shutdown(143));
  process.on('SIGINT', () => shutdown(130));
  process.on('uncaughtException', (error) => {
    log.fatal(error);
    shutdown(1);
  });
}

async function leave(): Promise<void> {
  switch (job.leaving) {
    case 'process.exit(0)':
      return process.exit(0);
    case 'flush(), then SIGKILL':
      await flush();
      return dieOnPurpose('SIGKILL');
    case 'end()':
      return end();
    case 'worker killed':
      // Later log calls emit 'error': the worker is gone.
      destination.on('error', () => {});
      await (
        destination as unknown as { worker: import('node:worker_threads').Worker }
      ).worker.terminate();
      return;
    default:
      dieOnPurpose(job.leaving);
  }
}

/** Keeps the process alive until the end: a worker does not. */
async function end(): Promise<void> {
  const server = setInterval(() => {}, 60_000);
  destination.end();
  await once(destination, 'close');
  clearInterval(server);
}

function flush(): Promise<void> {
  return new Promise((resolve, reject) => {
    log.flush((error) => (error ? reject(error) : resolve()));
  });
}

function isOnMainThread(): boolean {
  return !sink.startsWith('worker');
}
