// A server that ends as Kubernetes asks it to: after SIGTERM it finishes the requests that it has,
// waits until their lines are committed, and exits before SIGKILL comes, 30 seconds later. Lines
// that could not be committed go to standard error, which the cluster keeps. In a rolling update
// the new pods log to the same object while the old ones end, and every line is there.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { finished } from 'node:stream/promises';
import openLog from 'oss-append-stream/pino';

const shutdownTimeout = Number(process.env.SHUTDOWN_TIMEOUT ?? 20_000);
const log = await openLog({
  bucket: 'logs',
  key: 'requests.log',
  fallback: false,
  shutdownTimeout,
});
log.on('error', (error) => console.error(error.message));

const server = createServer((request, response) => {
  log.write(`${new Date().toISOString()} ${hostname()} ${request.method} ${request.url}\n`);
  response.end('hello\n');
});
server.listen(Number(process.env.PORT ?? 8080));
await once(server, 'listening');
console.log('listening', server.address());

process.on('SIGTERM', async () => {
  const error = new Error('The shutdown took too long');
  setTimeout(() => log.destroy(error), shutdownTimeout).unref();
  await once(server.close(), 'close');
  log.end();
  const isCommitted = await finished(log).then(
    () => true,
    () => false,
  );
  process.stderr.write(log.takeUncommitted()?.bytes ?? '');
  process.exit(isCommitted ? 0 : 1);
});
