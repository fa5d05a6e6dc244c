import { randomBytes } from 'node:crypto';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Fault } from '../../src/emulator/index.js';
import { OssClient } from '../../src/index.js';
import { appendAt } from '../emulator/signed-request.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import type { ProcessResult } from '../helpers/process-result.js';
import { headerOf, replayWith, save } from '../helpers/replaying.js';

const MiB = 2 ** 20;

const { emulator, env } = await startEmulatorForFile();

function replay(...args: string[]): Promise<ProcessResult> {
  return replayWith(env, ...args);
}

async function read(key: string): Promise<string> {
  return String(await emulator.read('examplebucket', key));
}

function addFault(fault: Fault): () => void {
  const remove = emulator.faults.add(fault);
  onTestFinished(remove);
  return remove;
}

/** Returns the lengths of the appends to `key`. */
function appendsTo(key: string): number[] {
  return emulator.requests
    .filter((request) => request.key === key && request.operation === 'append')
    .map(({ byteLength }) => byteLength);
}

const conflict = /another writer has appended there, .+ add --conflict rebase\. Nothing was/;

describe('a replay treats only chunks that were sent and may have landed as its own:', () => {
  const bytes = 'server started\nuser 1 paid 100\n';

  const sent = { confirmed: false, doubtful: 15 };
  const unsent = { confirmed: true, doubtful: 0 };
  test.each([
    ['equal the beginning of the file', 'server started\n', unsent, 0],
    ['equal the whole file', bytes, unsent, 0],
    ['equal the whole file and continue', `${bytes}more\n`, unsent, 0],
    ['equal a part of the doubtful chunk', 'server', sent, 0],
    ['equal the doubtful chunk and a part of the next', 'server started\nuser', sent, 15],
    [
      'equal the doubtful chunk but for its last byte',
      bytes.slice(0, -1),
      { confirmed: false, doubtful: 31 },
      0,
    ],
  ])('bytes of another writer that %s are a conflict', async (scenario, stranger, known, start) => {
    const key = scenario.replaceAll(/\W+/g, '-');
    await appendAt(emulator, key, 0, stranger);
    const path = await save({ key, position: 0, ...known }, bytes);
    const before = await readFile(path);

    const refused = await replay(path);

    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(conflict);
    expect(await read(key)).toBe(stranger);
    expect((await readFile(path)).equals(before)).toBe(true);

    const rebased = await replay('--conflict', 'rebase', path);
    const again = await replay('--conflict', 'rebase', path);

    expect(rebased).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toMatch(/^Appended nothing: /);
    expect(await read(key)).toBe(stranger + bytes.slice(start));
  });

  test('a doubtful chunk that landed is its own', async () => {
    await appendAt(emulator, 'landed', 0, 'server started\n');
    const path = await save({ key: 'landed', position: 0, confirmed: false, doubtful: 15 }, bytes);

    const { exitCode, stderr } = await replay(path);

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Appended 16 bytes to .+, which held the 15 bytes before them/);
    expect(await read('landed')).toBe(bytes);
  });

  test('no permission to read is needed if no chunk is doubtful', async () => {
    await appendAt(emulator, 'unread', 0, bytes);
    addFault({ kind: 'forbid', operation: 'get', key: 'unread' });

    const { exitCode, stderr } = await replay(await save({ key: 'unread', position: 0 }, bytes));

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(conflict);
  });

  test('equal bytes that another writer appends during the replay are a conflict', async () => {
    const path = await save({ key: 'raced', position: 0 }, bytes);
    const { appendObject } = OssClient.prototype;
    vi.spyOn(OssClient.prototype, 'appendObject').mockImplementationOnce(async function (
      this: OssClient,
      ...args
    ) {
      await appendAt(emulator, 'raced', 0, 'server started\n');
      return appendObject.apply(this, args);
    });
    onTestFinished(() => void vi.restoreAllMocks());

    const refused = await replay('--json', path);

    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toMatch(conflict);
    expect(JSON.parse(refused.stdout)).toMatchObject({ bytesWritten: 0 });
    expect(await replay('--conflict', 'rebase', path)).toMatchObject({ exitCode: 0 });
    expect(await read('raced')).toBe(`server started\n${bytes}`);
  });
});

describe('a replay that begins', () => {
  test('records what it is about to send before it sends it, and keeps unknown fields', async () => {
    await appendAt(emulator, 'noted', 0, 'one,');
    const header = { key: 'noted', position: 0, confirmed: false, doubtful: 4 };
    const path = await save({ ...header, template: 'noted.{n}' }, 'one,two,three');
    const { appendObject } = OssClient.prototype;
    const noted = vi
      .spyOn(OssClient.prototype, 'appendObject')
      .mockImplementationOnce(async function (this: OssClient, ...args) {
        expect(await headerOf(path)).toEqual({
          bucket: 'examplebucket',
          key: 'noted',
          position: 4,
          byteLength: 13,
          confirmed: false,
          doubtful: 9,
          landed: 4,
          template: 'noted.{n}',
          replay: { firstChunkSize: 4 * MiB, chunkSize: 4 * MiB },
        });
        return appendObject.apply(this, args);
      });
    onTestFinished(() => void vi.restoreAllMocks());

    expect(await replay(path)).toMatchObject({ exitCode: 0 });
    expect(noted).toHaveBeenCalledOnce();
    expect(await read('noted')).toBe('one,two,three');
  });

  test('sends the doubtful chunk alone, whatever its size, and then chunks of that size', async () => {
    const bytes = randomBytes(14 * MiB);
    const header = { key: 'large', position: 0, confirmed: false, doubtful: 6 * MiB };

    expect(await replay(await save(header, bytes))).toMatchObject({ exitCode: 0 });
    expect(appendsTo('large')).toEqual([6 * MiB, 6 * MiB, 2 * MiB]);
    expect((await emulator.read('examplebucket', 'large')).equals(bytes)).toBe(true);
  });

  test('and is refused restores the header, because nothing can have landed', async () => {
    const remove = addFault({ kind: 'forbid', operation: 'append', key: 'refused' });
    const path = await save({ key: 'refused', position: 0 }, 'server started\n');
    const refused = await replay(path);
    remove();
    await appendAt(emulator, 'refused', 0, 'server started\n');

    const { exitCode, stderr } = await replay(path);

    expect(refused).toMatchObject({ exitCode: 3 });
    expect(await headerOf(path)).toMatchObject({ confirmed: true, doubtful: 0, position: 0 });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(conflict);
  });

  test('and cannot reconcile its chunk records it as doubtful and keeps the bytes before it', async () => {
    const bytes = randomBytes(6 * MiB);
    addFault({ kind: 'drop-answer', operation: 'append', key: 'doubt', nth: 2 });
    const remove = addFault({ kind: 'forbid', operation: 'head', key: 'doubt', nth: 3, times: 99 });
    addFault({ kind: 'drop-request', operation: 'append', key: 'doubt', nth: 3, times: 99 });
    const path = await save({ key: 'doubt', position: 0 }, bytes);
    const failed = await replay('--retries', '0', path);
    remove();
    const header = await headerOf(path);

    const { exitCode, stderr } = await replay(path);

    expect(failed.stderr).toContain(`4194304 bytes were appended, and ${path} still has`);
    expect(header).toMatchObject({
      position: 4 * MiB,
      landed: 4 * MiB,
      confirmed: false,
      doubtful: 2 * MiB,
    });
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^Appended nothing: .+ holds all 6291456 bytes already/),
    });
  });

  test('and is refused keeps the doubtful bytes that the header had', async () => {
    const header = { key: 'kept', position: 0, confirmed: false, doubtful: 4 };
    addFault({ kind: 'forbid', operation: 'append', key: 'kept', nth: 1 });
    const path = await save(header, 'one,two');
    await replay(path);
    await appendAt(emulator, 'kept', 0, 'one,');

    expect(await headerOf(path)).toMatchObject({ confirmed: false, doubtful: 4 });
    expect(await replay(path)).toMatchObject({ exitCode: 0 });
    expect(await read('kept')).toBe('one,two');
  });

  test('and changes nothing leaves the file as the previous replay wrote it', async () => {
    const path = await save({ key: 'unchanged', position: 0 }, 'some bytes');
    addFault({ kind: 'forbid', operation: 'append', key: 'unchanged' });
    await replay(path);
    const first = await readFile(path, 'utf8');
    await replay(path);

    expect(await readFile(path, 'utf8')).toBe(first);
  });

  test('resumes a file that an older version wrote', async () => {
    const bytes = randomBytes(9 * MiB);
    await appendAt(emulator, 'older', 0, Buffer.concat([Buffer.from('x'), bytes.subarray(0, 3)]));
    await appendAt(emulator, 'older', 4, bytes.subarray(3, 3 + 4 * MiB));
    const header = { key: 'older', position: 4, landed: 3, confirmed: true, doubtful: 0 };

    expect(await replay(await save(header, bytes))).toMatchObject({ exitCode: 0 });
    const content = await emulator.read('examplebucket', 'older');
    expect(content.subarray(1).equals(bytes)).toBe(true);
  });
});

test('a replay sends nothing if it cannot record it in the file', async () => {
  const path = await save({ key: 'unnoted', position: 0 }, 'some bytes', 'r'.repeat(255));

  const { exitCode, stderr } = await replay(path);

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^oss-append: Cannot record in .+ where its bytes go: ENAMETOOLONG/);
  expect(appendsTo('unnoted')).toEqual([]);
});

test('a replay removes the draft that a killed replay left, and no other file', async () => {
  const path = await save({ key: 'draft' }, 'some bytes');
  const stale = `${path}.0123456789abcdef.draft`;
  const others = [`${path}.${process.pid}.draft`, `${path}.draft`, `${path}.0123.draft`, 'other'];
  for (const name of others) await writeFile(join(dirname(path), basename(name)), 'theirs');
  const link = `${path}.fedcba9876543210.draft`;
  await symlink(join(dirname(path), 'other'), link);
  await writeFile(stale, 'half of i');

  expect(await replay(path)).toMatchObject({ exitCode: 0 });
  expect((await readdir(dirname(path))).toSorted()).toEqual(
    ['rest', basename(link), ...others.map((name) => basename(name))].toSorted(),
  );
  for (const name of others) {
    expect(await readFile(join(dirname(path), basename(name)), 'utf8')).toBe('theirs');
  }
});
