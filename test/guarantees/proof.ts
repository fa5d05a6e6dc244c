// Runs the long forms of what the tests prove in short, one after the other, or those that are named:
//
//   npm run proof
//   npm run proof -- loggers
import { fork } from 'node:child_process';
import { once } from 'node:events';

const known = ['fault-matrix', 'loggers'];
const named = process.argv.slice(2);
const strange = named.filter((name) => !known.includes(name));

if (strange.length > 0) {
  console.error(`Cannot prove '${strange.join("', '")}': there are ${known.join(', ')}`);
  process.exitCode = 2;
} else {
  for (const name of named.length > 0 ? named : known) {
    const [code] = await once(fork(`${import.meta.dirname}/${name}/proof.js`), 'exit');
    if (code !== 0) process.exitCode = 1;
  }
}
