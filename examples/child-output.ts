// Appends what another program prints: node child-output.js BUCKET KEY COMMAND [ARGUMENT...]
// Its exit status becomes that of this program, once everything it printed is committed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { AppendWritable } from 'oss-append-stream';

const [bucket, key, command, ...args] = process.argv.slice(2);
if (bucket === undefined || key === undefined || command === undefined) {
  throw new Error('Usage: child-output BUCKET KEY COMMAND [ARGUMENT...]');
}

// In its own process group: otherwise a signal to this group would reach it twice.
const child = spawn(command, args, { detached: true, stdio: ['inherit', 'pipe', 'inherit'] });
// The other program may still write its last output.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => child.kill(signal));
}
const stream = new AppendWritable({ bucket, key });
const [[status, signal]] = await Promise.all([
  once(child, 'close'),
  pipeline(child.stdout, stream),
]);
process.exitCode = status ?? 128 + constants.signals[signal as NodeJS.Signals];
