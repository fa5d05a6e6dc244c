// The long form of test/cli/follow.test.ts: a log that is written and rotated all the time is
// appended over a network that loses answers, by processes that are killed at random moments.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startEmulator } from '../../../src/emulator/index.js';
import { environmentOf, resultOf, startCommand } from '../../helpers/command-line.js';
import { RotatedLog } from './rotated-log.js';

const rounds = 5;
const killsPerRound = 20;
const flags = ['--poll-interval', '20ms', '--flush-interval', '20ms', '--min-timeout', '20ms'];
const problems: string[] = [];

for (let round = 0; round < rounds; round++) {
  const folder = await mkdtemp(join(tmpdir(), 'follow-'));
  const summary = await follow(round, new RotatedLog(folder));
  await rm(folder, { recursive: true });
  console.log(`round ${round}: ${summary}`);
}
for (const problem of problems) console.log(`PROBLEM: ${problem}`);
console.log(`${rounds} logs, ${rounds * killsPerRound} kills: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function follow(round: number, log: RotatedLog): Promise<string> {
  await using emulator = await startEmulator({
    seed: round,
    faults: [
      { kind: 'drop-answer', operation: 'append', probability: 0.05 },
      { kind: 'apply-late', operation: 'append', probability: 0.05, delay: 100 },
      { kind: 'error-503', operation: 'append', probability: 0.05 },
    ],
  });
  const start = () =>
    startCommand(['--follow', log.path, ...flags, 'oss://examplebucket/app.log'], {
      env: environmentOf(emulator),
    });
  // An object that is empty begins with the newest file.
  log.write(1);
  const first = start();
  while ((await read()).byteLength === 0) await wait(10);
  first.kill('SIGKILL');
  let isOver = false;
  const writing = (async () => {
    for (let count = 1; !isOver; count++) {
      log.write(1 + Math.floor(Math.random() * 20));
      if (count % 50 === 0) log.rotate();
      await wait(10);
    }
  })();
  let refusals = 0;
  for (let kills = 0; kills < killsPerRound; ) {
    const child = start();
    const result = resultOf(child);
    await Promise.race([result, wait(300 + Math.random() * 1200)]);
    child.kill('SIGKILL');
    const { exitCode, stderr } = await result;
    if (exitCode === 'SIGKILL') kills++;
    // A late append of the one that was killed may be longer or shorter than what follows it.
    else if (/CRC-64 is not ours|was refused/.test(stderr)) refusals++;
    else {
      problems.push(`round ${round}: exit code ${exitCode}: ${stderr.trim()}`);
      break;
    }
  }
  isOver = true;
  await writing;
  const { length } = Buffer.from(log.content);
  const last = start();
  const result = resultOf(last);
  for (let waits = 0; waits < 300 && (await read()).byteLength < length; waits++) await wait(100);
  last.kill('SIGTERM');
  const { exitCode, stderr } = await result;
  if (exitCode !== 143) problems.push(`round ${round}: exit code ${exitCode}: ${stderr.trim()}`);
  if (String(await read()) !== log.content) problems.push(`round ${round}: the object differs`);
  return `${length} bytes, ${refusals} times refused to go on`;

  function read(): Promise<Buffer> {
    return emulator.read('examplebucket', 'app.log').catch(() => Buffer.alloc(0));
  }
}
