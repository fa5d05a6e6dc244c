import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtProgram } from './helpers/remote.js';

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [builtProgram('bench/run'), ...args]);

// Were it not for the first four, that the last one has only zeros would mean nothing.
test('the same faults cost what else is used for appending its bytes, and AppendWritable none', {
  timeout: 60_000,
}, async () => {
  const { stdout } = await run('faults', '--quick');

  const totals = stdout.split('\n').flatMap((line) => {
    const [, name, ...counts] = line.split('|').map((cell) => cell.trim());
    return counts[0] === '12' ? [[name, ...counts.slice(1, -1).map(Number)]] : [];
  });
  expect(totals).toEqual([
    ['ali-oss append loop, `retryMax`', 0, 0, 0, expect.toSatisfy(isSome), 0],
    [expect.stringContaining('at the length'), 0, expect.toSatisfy(isSome), 9, 0, 0],
    [expect.stringContaining('length-only rule'), expect.toSatisfy(isSome), 0, 6, 0, 0],
    [expect.stringContaining('goes on'), expect.toSatisfy(isSome), 0, 6, 0, 0],
    ['AppendWritable', 0, 0, 0, 0, 3],
  ]);
});

test('a benchmark that is unknown is refused with the names of those that are', async () => {
  await expect(run('nonsense')).rejects.toMatchObject({
    code: 2,
    stderr: "Cannot run 'nonsense': there are append-throughput, faults\n",
  });
});

function isSome(count: number): boolean {
  return count > 0;
}
