// Uses streams in all ways for a while, with faults, and checks that no resource leaks and that
// each stream keeps its promises. The seed determines the actions and faults, but not their timing.
//
//   npm run soak                             ten minutes
//   npm run soak -- --seconds 60 --seed 4711
import { parseArgs } from 'node:util';
import { report } from './report.js';
import { runSoak } from './soak-run.js';
import { watchForTroubles } from './troubles.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const duration = Number(values.seconds) * 1000;
const seed = Number(values.seed);
if (!(duration > 0) || !Number.isSafeInteger(seed)) {
  throw new RangeError('Cannot soak: --seconds must be a positive number and --seed an integer');
}
if (globalThis.gc === undefined) throw new Error('Cannot soak: start node with --expose-gc');

const troubles = watchForTroubles();
console.log(`seed ${seed}`);
try {
  const result = await runSoak({ duration, seed, isOver: () => troubles.length > 0 });
  process.exitCode = report(result, troubles) ? 0 : 1;
} catch (error) {
  console.log('FAIL', error);
  for (const trouble of troubles) console.log('FAIL', trouble);
  process.exit(1);
}

// Fires only if something keeps the process alive.
setTimeout(() => {
  console.log('FAIL the process does not end by itself:', process.getActiveResourcesInfo());
  process.exit(1);
}, 2000).unref();
process.once('exit', (code) => {
  if (code === 0) console.log('ok   the process ended by itself');
});
