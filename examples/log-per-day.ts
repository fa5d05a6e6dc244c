// A log with an object for each day of Shanghai, of whole lines, sealed when the day is over:
// node log-per-day.js BUCKET
// A restart goes on with the object of today. Region, endpoint and credentials come from the
// environment, as for pipe-a-file.
import { AppendWritable } from 'oss-append-stream';

const [bucket] = process.argv.slice(2);
if (bucket === undefined) throw new Error('Usage: log-per-day BUCKET');

const log = new AppendWritable({
  bucket,
  key: 'app/{yyyy}-{MM}-{dd}/{hostname}-{seq}.log',
  rollover: { interval: 'day', timeZone: 'Asia/Shanghai', maxSize: 2 ** 30 },
  recordDelimiter: '\n',
  seal: true,
  retry: { retries: Number.POSITIVE_INFINITY },
});
log.on('error', (error) => console.error(error.message));
log.on('seal', ({ key, error }) => {
  if (error !== undefined) console.error(`${key} stays open: ${error.message}`);
});
log.on('rollover', ({ from, to, reason }) => {
  console.log(`${from.key} has ${from.position} bytes; next is ${to.key} (${reason})`);
});

const work = setInterval(() => {
  // Lines that OSS does not take in time are left out rather than kept in memory without a bound.
  if (!log.writableNeedDrain) log.write(`${new Date().toISOString()} working\n`);
}, 100);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    clearInterval(work);
    log.end();
  });
}
