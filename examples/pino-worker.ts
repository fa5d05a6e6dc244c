// pino in a worker thread: logging costs the main thread next to nothing, and nothing is lost at its
// end, process.exit() and uncaught exceptions included. Signals need a line each, with on() instead
// of once(), because one stop may arrive as two signals.
import pino from 'pino';

const transport = pino.transport({
  target: 'oss-append-stream/pino',
  options: { bucket: 'logs', key: 'app.log' },
});
transport.on('error', (error: Error) => console.error(error.message));
const logger = pino(transport);

process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

for (let n = 1; n <= 1000; n++) logger.info({ n }, 'working');
process.exit(0);
