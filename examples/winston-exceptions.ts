// winston with the exception that ends the process: its line is committed before the process exits.
import { AppendTransport } from 'oss-append-stream/winston';
import winston from 'winston';

const transport = new AppendTransport({
  bucket: 'logs',
  key: 'app.log',
  handleExceptions: true,
  handleRejections: true,
});
const logger = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [transport],
});
logger.on('error', (error) => console.error(error.message));

for (let n = 1; n <= 1000; n++) logger.info('working', { n });
throw new Error('Nobody catches this');
