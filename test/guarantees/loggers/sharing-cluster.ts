// A cluster of eight workers, each of which logs as sharing-program.ts does. Passes on what they say.
import cluster from 'node:cluster';
import { builtProgram } from '../../helpers/remote.js';

const exec = builtProgram('test/guarantees/loggers/sharing-program');
cluster.setupPrimary({ exec, args: process.argv.slice(2) });
cluster.on('message', (_worker, message) => process.send?.(message));
cluster.on('exit', () => {
  if (Object.keys(cluster.workers ?? {}).length === 0) process.exit();
});
process.on('disconnect', () => process.exit());
for (let worker = 0; worker < 8; worker++) cluster.fork();
