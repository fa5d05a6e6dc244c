import { expect, test } from 'vitest';
import { runSimulate } from './run-simulate.js';

test('simulate reports how often each event happened in many lives', async () => {
  const { code, stdout } = await runSimulate(['--seeds', '50', '--first', '100']);

  expect(code).toBe(0);
  expect(stdout).toMatch(/^50 seeds from 100 in \d+ s: no problems\n/);
  expect(stdout).toMatch(/^How the streams ended: \d+\n( +\d+ +\d+\.\d % {2}\S+\n)+\n/m);
  expect(stdout).toMatch(/^What happened to appends: \d+\n +\d+ +\d+\.\d % {2}answered\n/m);
  expect(stdout).toMatch(/^What happened to HEADs: \d+\n +\d+ +\d+\.\d % {2}answered\n/m);
  expect(stdout).toMatch(/ not confirmed\n/);
});

test('simulate --seed logs one life: user, requests, strangers and the stream', async () => {
  const { code, stdout } = await runSimulate(['--seed', '7']);

  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  for (const line of lines)
    expect(line).toMatch(/^ *\d+\.\d{3} {2}(user|request \d+|stranger|stream) +\S/);
  expect(lines[0]).toMatch(/opens a stream: \{"chunkSize":/);
  expect(lines.at(-1)).toMatch(/ stream +close/);
});

test('simulate refuses invalid arguments with a message', async () => {
  const { code, stdout, stderr } = await runSimulate(['--seed=-1']);

  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toBe('--seed must be an integer from 0 to 4294967295: it is "-1"\n');
});
