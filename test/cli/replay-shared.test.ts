import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../src/emulator/index.js';
import { appendAt } from '../emulator/signed-request.js';
import { startCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { headerOf, replayWith, save } from '../helpers/replaying.js';

const { emulator, env } = await startEmulatorForFile();

/** First line of a file of a process that shares its object with others. */
const shared = { conflict: 'rebase', recordDelimiter: '0a' };

/** Nine chunks and a half of lines, none of which ends where a chunk of 4 MiB does. */
const lines = Array.from(
  { length: 40_000 },
  (_, number) => `${`line ${number} `.padEnd(999, '.')}\n`,
);
const source = lines.join('');

function addFault(fault: Fault): () => void {
  const remove = emulator.faults.add(fault);
  onTestFinished(remove);
  return remove;
}

const read = async (key: string) => String(await emulator.read('examplebucket', key));

/** The bytes between those of strangers, which are none of ASCII. */
async function ownParts(key: string): Promise<string[]> {
  const content = (await emulator.read('examplebucket', key)).toString('latin1');
  return content.split(/[\x80-\xff]+/).filter((part) => part !== '');
}

test('a replay keeps every record whole, however often others append between its chunks', async () => {
  const key = 'between';
  await appendAt(emulator, key, 0, 'before\n');
  for (const nth of [2, 3, 6]) addFault({ kind: 'stranger', operation: 'append', key, nth });
  addFault({ kind: 'stranger-drop', operation: 'append', key, nth: 9 });
  addFault({ kind: 'drop-answer', operation: 'append', key, nth: 11 });
  const path = await save({ key, position: 0, ...shared }, source);

  const { exitCode, stderr } = await replayWith(env, path);

  expect(stderr).toMatch(/^Appended 40000000 bytes to /);
  expect(exitCode).toBe(0);
  const parts = await ownParts(key);
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.filter((part) => !part.endsWith('\n'))).toEqual([]);
  expect(parts.join('') === `before\n${source}`).toBe(true);
});

test('a replay that was killed between others appends what is missing, once and whole', async () => {
  const key = 'killed';
  const remove = addFault({ kind: 'stall', operation: 'append', key, nth: 3 });
  const path = await save({ key, position: 0, ...shared }, source);
  const before = emulator.requests.length;
  const child = startCommand(['replay', path], { env });
  const appends = () => emulator.requests.slice(before).filter((it) => it.operation === 'append');
  await expect.poll(() => appends().length).toBe(3);
  child.kill('SIGKILL');
  await once(child, 'close');
  remove();
  addFault({ kind: 'stranger', operation: 'append', key, nth: 1 });

  expect(await replayWith(env, path)).toMatchObject({ exitCode: 0 });
  const parts = await ownParts(key);
  expect(parts.filter((part) => !part.endsWith('\n'))).toEqual([]);
  expect(parts.join('') === source).toBe(true);
});

test('bytes that were never sent go to the end of the object, also if it is shorter than before', async () => {
  await appendAt(emulator, 'shorter', 0, 'emptied\n');
  const path = await save({ key: 'shorter', position: 1000, ...shared }, 'rest\n');

  expect(await replayWith(env, path)).toMatchObject({ exitCode: 0 });
  expect(await read('shorter')).toBe('emptied\nrest\n');
});

test('bytes that may have landed do not go to an object that is shorter than before', async () => {
  await appendAt(emulator, 'in-doubt', 0, 'emptied\n');
  const header = { key: 'in-doubt', position: 1000, confirmed: false, doubtful: 5 };
  const path = await save({ ...header, ...shared }, 'rest\nmore\n');

  expect(await replayWith(env, path)).toMatchObject({ exitCode: 1 });
  expect(await read('in-doubt')).toBe('emptied\n');
  expect(await headerOf(path)).toMatchObject({ position: 1000, doubtful: 5, ...shared });
});

test('a replay gives up where every append of it is refused', async () => {
  const key = 'refused';
  await appendAt(emulator, key, 0, 'before\n');
  addFault({ kind: 'stranger', operation: 'append', key });
  const path = await save({ key, position: 0, ...shared }, 'rest\n');

  const { exitCode, stderr } = await replayWith(env, path);

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/Nothing was appended, and .* still has everything\.\n$/);
  expect((await ownParts(key)).join('')).toBe('before\n');
});
