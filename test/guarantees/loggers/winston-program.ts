// Logs with winston, then ends as its job says.
import { once } from 'node:events';
import { AppendWritable } from 'oss-append-stream';
import { AppendTransport } from 'oss-append-stream/winston';
import { createLogger, format, transports } from 'winston';
import { dieOnPurpose } from './die-on-purpose.js';
import { firstHalf, jobOfProcess, logOptions, streamOptions } from './logging-job.js';
import { logLines } from './numbered-line.js';

const job = jobOfProcess();
const unhandled = { handleExceptions: true, handleRejections: true };
const transport =
  job.sink === 'AppendTransport'
    ? new AppendTransport({ ...logOptions(job), ...unhandled })
    : new transports.Stream({ stream: new AppendWritable(streamOptions(job)), ...unhandled });
const logger = createLogger({ format: format.json(), transports: [transport] });

// The handlers that the documents ask for.
const last = transport instanceof AppendTransport ? 'close' : 'finish';
for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  process.once(signal, () => {
    transport.once(last, () => process.exit(code));
    logger.end();
  });
}
logger.on('error', ({ message }: Error) => console.error(message));

const log = (fields: object, text: string) => void logger.info(text, fields);
logLines(log, 1, firstHalf(job));
if (transport instanceof AppendTransport) await once(transport, 'commit');
logLines(log, firstHalf(job) + 1, job.lineCount);
leave();

function leave(): void {
  switch (job.leaving) {
    case 'process.exit(0)':
      process.exit(0);
      break;
    case 'end()':
      logger.end();
      return;
    case "end(), 'finish', exit":
      logger.once('finish', () => process.exit(0));
      logger.end();
      return;
    case 'close()':
      logger.close();
      return;
    default:
      dieOnPurpose(job.leaving);
  }
}
