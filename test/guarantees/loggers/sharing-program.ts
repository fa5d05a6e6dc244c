// Logs numbered lines to an object that others log to as well until SIGTERM, then ends as the
// documents say. Prints its process id and its last number.
import { writeSync } from 'node:fs';
import { finished } from 'node:stream';
import type { LogWritableOptions } from 'oss-append-stream/pino';
import type { AppendTransportOptions } from 'oss-append-stream/winston';
import { textOf } from './numbered-line.js';

/** What such a program is started with. */
export interface SharingJob {
  readonly sink: 'pino worker' | 'pino' | 'winston';
  readonly options: LogWritableOptions;
}

/** Sent to the parent: the lines up to this one are committed. */
export interface Acknowledged {
  readonly pid: number;
  readonly acknowledged: number;
}

type Log = (fields: object, text: string) => void;

const { sink, options }: SharingJob = JSON.parse(process.argv[2] ?? '');
let last = 0;
process.on('exit', () => writeSync(1, `${process.pid} ${last}\n`));

const log = await { 'pino worker': openWorker, pino: openPino, winston: openWinston }[sink]();
const work = setInterval(() => {
  last++;
  log({ writer: process.pid, n: last }, textOf(last));
}, 5);

async function openWorker(): Promise<Log> {
  const { pino } = await import('pino');
  const logger = pino(pino.transport({ target: 'oss-append-stream/pino', options }));
  process.on('SIGTERM', () => process.exit(143));
  return (fields, text) => logger.info(fields, text);
}

async function openPino(): Promise<Log> {
  const { pino } = await import('pino');
  const { default: openLog } = await import('oss-append-stream/pino');
  const stream = await openLog(options);
  const logger = pino(stream);
  process.on('SIGTERM', () => {
    clearInterval(work);
    logger.flush(() => process.exit(143));
  });
  setInterval(() => {
    const acknowledged = last;
    stream.write('', (error) => {
      if (!error) process.send?.({ pid: process.pid, acknowledged } satisfies Acknowledged);
    });
  }, 50);
  return (fields, text) => logger.info(fields, text);
}

async function openWinston(): Promise<Log> {
  const { AppendTransport } = await import('oss-append-stream/winston');
  const { createLogger } = await import('winston');
  const transport = new AppendTransport(options as AppendTransportOptions);
  const logger = createLogger({ transports: [transport] });
  process.on('SIGTERM', () => {
    clearInterval(work);
    finished(transport.stream, () => process.exit(143));
    logger.end();
  });
  return (fields, text) => void logger.info(text, fields);
}
