// Runs the long forms of the tests one after the other, or only the named ones:
//
//   npm run proof
//   npm run proof -- loggers
import { fork } from 'node:child_process';
import { once } from 'node:events';

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
    const [code] = await once(fork(`${import.meta.dirname}/${name}/proof.js`), 'exit');
    if (code !== 0) process.exitCode = 1;
  }
}
