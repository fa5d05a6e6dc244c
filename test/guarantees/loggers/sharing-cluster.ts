// A cluster of eight workers, each of which logs as sharing-program.ts does. Passes on what they say.
import cluster from 'node:cluster';
import { builtProgram } from '../../helpers/remote.js';

const exec = builtProgram('test/guarantees/loggers/sharing-program');
cluster.setupPrimary({ exec, args: process.argv.slice(2) });
cluster.on('message', (_worker, message) => process.send?.(message));
let running = 8;
// Counted here: `cluster.workers` keeps a worker that has ended until its channel is closed too.
cluster.on('exit', () => {
  running--;
  if (running === 0) process.exit();
});
process.on('disconnect', () => process.exit());
for (let worker = 0; worker < running; worker++) cluster.fork();
