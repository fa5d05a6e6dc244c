// A cluster whose workers log to objects of their own, although all have the same template: {pid}
// tells them apart. A worker that starts anew gets another process id, and with it a new object:
// node log-per-process.js BUCKET WORKERS
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { AppendWritable } from 'oss-append-stream';

const [bucket, workers = '2'] = process.argv.slice(2);
if (bucket === undefined) throw new Error('Usage: log-per-process BUCKET WORKERS');

if (cluster.isPrimary) lead(Number(workers));
else serve(bucket);

function lead(count: number): void {
  for (let n = 0; n < count; n++) cluster.fork();
  cluster.on('listening', ({ process }, { port }) =>
    console.log(`${process.pid} on port: ${port}`),
  );
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
  });
}

function serve(bucket: string): void {
  const log = new AppendWritable({
    bucket,
    key: 'requests/{yyyy}-{MM}-{dd}/{hostname}-{pid}-{seq}.log',
    rollover: { interval: 'day' },
    recordDelimiter: '\n',
  });
  log.on('error', (error) => console.error(error.message));
  const server = createServer((request, response) => {
    log.write(`${process.pid} ${request.method} ${request.url}\n`);
    response.end('hello\n');
  });
  server.listen(Number(process.env.PORT ?? 8080));
  process.on('SIGTERM', () => server.close());
  server.on('close', () => log.end());
  // The channel to the primary keeps a worker alive.
  log.on('close', () => process.disconnect());
}
