// Metrics of the log for Prometheus, at /metrics.

import { once } from 'node:events';
import { createServer } from 'node:http';
import openLog from 'oss-append-stream/pino';
import pino from 'pino';
import { Gauge, register } from 'prom-client';

const started = new Date();
const stream = await openLog({ bucket: 'logs', key: 'app.log' });
stream.on('error', (error) => console.error(error.message));
const logger = pino(stream);

gauge('log_uncommitted_bytes', 'Accepted, not committed', () => stream.writableLength);
gauge('log_retries', 'Failures followed by another attempt', () => stream.stats.retries);
gauge('log_dropped_lines', 'Lines dropped when OSS is too slow', () => stream.stats.linesDropped);
const age = () => Date.now() - (stream.stats.lastCommitAt ?? started).getTime();
gauge('log_commit_age_seconds', 'Since bytes were last committed', () => age() / 1000);

const server = createServer(async (request, response) => {
  logger.info({ url: request.url }, 'request');
  response.end(await register.metrics());
});
await once(server.listen(Number(process.env.PORT ?? 9464)), 'listening');
console.log('listening', server.address());
process.on('SIGTERM', () => server.close(() => stream.end()));

function gauge(name: string, help: string, value: () => number): void {
  const gauge: Gauge = new Gauge({ name, help, collect: () => gauge.set(value()) });
}
