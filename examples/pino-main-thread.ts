// pino straight into an AppendWritable, on the main thread: shutdown() instead of process.exit().
import { hostname } from 'node:os';
import { AppendWritable } from 'oss-append-stream';
import pino from 'pino';

const stream = new AppendWritable({ bucket: 'logs', key: `app/${hostname()}-${process.pid}.log` });
stream.on('error', (error) => console.error(error.message));
const logger = pino(stream);

process.on('SIGINT', () => shutdown(130));
process.on('SIGTERM', () => shutdown(143));
process.on('uncaughtException', (error) => {
  logger.fatal(error);
  shutdown(1);
});

logger.info('working');
await new Promise((resolve) => logger.flush(resolve)); // Committed, and the stream stays open.
logger.info('done');
shutdown(0);

/**
 * Exits when every line so far is committed, with the `code` of the first call, because one stop
 * may arrive as two signals.
 */
function shutdown(code: number): void {
  process.exitCode ??= code;
  setTimeout(() => process.exit(99), 8000).unref();
  // Not end(): a line written after that would destroy the stream and lose its lines.
  logger.flush((error) => process.exit(error ? 1 : process.exitCode));
}
