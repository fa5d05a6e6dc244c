// Runs the long forms of the tests one after the other, or only the named ones:
//
//   npm run proof
//   npm run proof -- loggers
//
// Each runs in a folder of its own, where the command line keeps what a stopped writer has not
// committed. The folder of a proof that fails stays.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const known = [
  'fault-matrix',
  'loggers',
  'reading',
  'conversion',
  'follow',
  'tail',
  'rollover',
  'sharing',
];
const named = process.argv.slice(2);
const unknown = named.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`Unknown proof '${unknown.join("', '")}': choose from ${known.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of named.length > 0 ? named : known) {
    const cwd = await mkdtemp(join(tmpdir(), `oss-append-stream-${name}-`));
    const [code] = await once(fork(`${import.meta.dirname}/${name}/proof.js`, { cwd }), 'exit');
    if (code === 0) {
      await rm(cwd, { recursive: true });
    } else {
      console.error(`The proof of ${name} failed. It ran in ${cwd}`);
      process.exitCode = 1;
    }
  }
}
