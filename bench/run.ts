// Runs the benchmarks, one after the other, or those that are named:
//
//   npm run bench
//   npm run bench -- faults append-throughput --quick
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';

const suffix = '.bench.js';
const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(suffix))
  .map((name) => name.slice(0, -suffix.length));
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const strange = named.filter((name) => !known.includes(name));

if (strange.length > 0) {
  console.error(`Cannot run '${strange.join("', '")}': there are ${known.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of named.length > 0 ? named : known) {
    console.log(`# ${name}`);
    const [code] = await once(fork(`${import.meta.dirname}/${name}${suffix}`, flags), 'exit');
    if (code !== 0) process.exitCode = 1;
  }
}
