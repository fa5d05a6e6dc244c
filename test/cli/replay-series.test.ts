import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Fault } from '../../src/emulator/index.js';
import { OssClient } from '../../src/index.js';
import { appendAt, send } from '../emulator/signed-request.js';
import { resultOf, runCommand, startCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';
import { objectsIn } from '../helpers/objects-in.js';
import type { ProcessResult } from '../helpers/process-result.js';
import { headerOf, replayWith, save } from '../helpers/replaying.js';

const { emulator, env } = await startEmulatorForFile();

let folders = 0;

/** A folder that no other test of the file uses, with the first lines of files for `app.log` in it. */
function newFolder() {
  const folder = `test-${++folders}`;
  const key = `${folder}/app.log`;
  const url = `oss://examplebucket/${folder}`;
  return { folder, key, url, header: { key, template: key, rollover: true } };
}

/** The header of a file whose first `byteLength` bytes are in doubt. */
const inDoubt = (byteLength: number) => ({ confirmed: false, doubtful: byteLength });

function replay(...args: string[]): Promise<ProcessResult> {
  return replayWith(env, ...args);
}

async function seal(key: string): Promise<void> {
  expect(await runCommand(['seal', `oss://examplebucket/${key}`], { env })).toMatchObject({
    exitCode: 0,
  });
}

async function makeNormal(key: string): Promise<void> {
  const { status } = await send(emulator, {
    method: 'PUT',
    key,
    body: 'normal',
    headers: { 'content-length': '6' },
  });
  expect(status).toBe(200);
}

function addFault(fault: Fault): () => void {
  const remove = emulator.faults.add(fault);
  onTestFinished(remove);
  return remove;
}

/** Lets `act` happen just before the next append. */
function beforeNextAppend(act: (key: string) => Promise<unknown>): void {
  const { appendObject } = OssClient.prototype;
  vi.spyOn(OssClient.prototype, 'appendObject').mockImplementationOnce(async function (
    this: OssClient,
    ...args
  ) {
    await act(args[0]);
    return appendObject.apply(this, args);
  });
  onTestFinished(() => void vi.restoreAllMocks());
}

describe('a replay goes on to the next object', () => {
  test('behind a chunk that has landed in an object that was sealed then', async () => {
    const { folder, key, url, header } = newFolder();
    await appendAt(emulator, key, 0, 'one,');
    await seal(key);
    const path = await save({ ...header, position: 0, ...inDoubt(4) }, 'one,two,three');

    const first = await replay('--json', path);
    const second = await replay(path);

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'one,',
      'app.1.log': 'two,three',
    });
    expect(first.stderr).toBe(
      `oss-append: Going on with ${url}/app.1.log: ${key} takes no more appends.\n` +
        `Appended 9 bytes to ${url}/app.1.log, after 4 bytes that were stored already: next position 9. ${path} can be deleted.\n`,
    );
    expect(JSON.parse(first.stdout)).toMatchObject({
      url: `${url}/app.1.log`,
      key: `${folder}/app.1.log`,
      rollovers: 1,
      present: 4,
      bytesWritten: 9,
      position: 9,
      exitCode: 0,
    });
    expect(second.stderr).toBe(
      `Appended nothing: all 13 bytes are stored already, the last in ${url}/app.1.log. ${path} can be deleted.\n`,
    );
  });

  test('with all bytes if their first chunk did not land before the seal', async () => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'before');
    await seal(key);

    await replay(await save({ ...header, position: 6, ...inDoubt(4) }, 'one,two'));

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'before',
      'app.1.log': 'one,two',
    });
  });

  test('that does not exist, since others may append to those that do', async () => {
    const { folder, key, header } = newFolder();
    for (const name of ['app.log', 'app.1.log', 'app.2.log']) {
      await appendAt(emulator, `${folder}/${name}`, 0, 'before');
    }
    await seal(key);

    const { exitCode, stdout } = await replay(
      '--json',
      await save({ ...header, position: 6 }, 'rest'),
    );

    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rollovers: 1 });
    expect(await objectsIn(emulator, folder)).toMatchObject({
      'app.2.log': 'before',
      'app.3.log': 'rest',
    });
  });

  test('of the same period, host and process', async () => {
    const { folder } = newFolder();
    const key = `${folder}/2020-02-29/web-1-4711.000003.log`;
    const template = `${folder}/{yyyy}-{MM}-{dd}/{hostname}-{pid}.{seq}.log`;
    await makeNormal(key);

    await replay(await save({ key, template, rollover: true, position: 6 }, 'rest'));

    expect(await objectsIn(emulator, folder)).toMatchObject({
      '2020-02-29/web-1-4711.000004.log': 'rest',
    });
  });

  test('if the object is of another type and nothing is in doubt', async () => {
    const { folder, key, header } = newFolder();
    await makeNormal(key);

    await replay(await save({ ...header, position: 100 }, 'rest'));

    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'normal', 'app.1.log': 'rest' });
  });

  test('without permission to read objects', async () => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'before');
    await seal(key);
    addFault({ kind: 'forbid', operation: 'head' });

    const { exitCode } = await replay(await save({ ...header, position: 6 }, 'rest'));

    expect(exitCode).toBe(0);
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'before', 'app.1.log': 'rest' });
  });

  test('if bytes that never had a position meet an object that exists', async () => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'of a restarted process');

    const { stderr } = await replay(await save(header, 'rest'));

    expect(stderr).toContain(`/app.1.log: ${key} exists.\n`);
    expect(await objectsIn(emulator, folder)).toMatchObject({ 'app.1.log': 'rest' });
  });

  test('if another writer was the first to append to the object', async () => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'theirs');

    const { stderr } = await replay(await save({ ...header, position: 0, ...inDoubt(4) }, 'rest'));

    expect(stderr).toContain(`/app.1.log: another writer has appended to ${key}.\n`);
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'theirs', 'app.1.log': 'rest' });
  });

  test('if it is sealed during the replay', async () => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'before');
    beforeNextAppend(seal);

    const { exitCode } = await replay(await save({ ...header, position: 6 }, 'rest'));

    expect(exitCode).toBe(0);
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'before', 'app.1.log': 'rest' });
  });

  test('if another writer creates the one that it was going on to', async () => {
    const { folder, key, header } = newFolder();
    await makeNormal(key);
    beforeNextAppend((next) => appendAt(emulator, next, 0, 'theirs'));

    const { exitCode } = await replay(await save({ ...header, position: 0 }, 'rest'));

    expect(exitCode).toBe(0);
    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'normal',
      'app.1.log': 'theirs',
      'app.2.log': 'rest',
    });
  });

  test('only when a chunk that may still land in a full object is settled there', async () => {
    const { folder, key, header } = newFolder();
    const lengths = new Map([[key, 5e9 - 8]]);
    const appends: object[] = [];
    const { prototype } = OssClient;
    vi.spyOn(prototype, 'headObject').mockImplementation(async (asked) => {
      const length = lengths.get(asked);
      return length === undefined ? undefined : { length, appendable: true, sealed: false };
    });
    vi.spyOn(prototype, 'appendObject').mockImplementation(async (to, position, body) => {
      expect(lengths.get(to) ?? 0).toBe(position);
      const nextPosition = position + body.byteLength;
      lengths.set(to, nextPosition);
      appends.push({ to, position, bytes: String(body) });
      return { nextPosition, crc64: undefined, requestId: undefined };
    });
    vi.spyOn(prototype, 'getObject').mockImplementation(async () =>
      Readable.from([Buffer.from('one,')]),
    );
    onTestFinished(() => void vi.restoreAllMocks());
    const path = await save({ ...header, position: 5e9 - 8, ...inDoubt(4) }, 'one,two,three');

    const { exitCode, stderr } = await replay(path);

    expect(exitCode).toBe(0);
    expect(appends).toEqual([
      { to: key, position: 5e9 - 8, bytes: 'one,' },
      { to: `${folder}/app.1.log`, position: 0, bytes: 'two,three' },
    ]);
    expect(stderr).toContain(`/app.1.log: ${key} is full, 4999999996 bytes long.\n`);
    expect(stderr).toContain('Appended 13 bytes, the last of them to oss://');
  });
});

describe('--conflict rollover', () => {
  test.each([
    { from: 'the file', saved: 'rollover', args: [] },
    { from: 'the command line', saved: 'fail', args: ['--conflict', 'rollover'] },
  ])('of $from goes on where another writer has appended', async ({ saved, args }) => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'one,theirs');
    const file = { ...header, position: 0, ...inDoubt(4), conflict: saved };

    const { exitCode } = await replay(...args, await save(file, 'one,two'));

    expect(exitCode).toBe(0);
    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'one,theirs',
      'app.1.log': 'two',
    });
  });

  test('of the file is overruled by the command line', async () => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'one,theirs');
    const file = { ...header, position: 0, ...inDoubt(4), conflict: 'rollover' };
    const path = await save(file, 'one,two');

    const refused = await replay('--conflict', 'fail', path);
    await replay('--conflict', 'rebase', path);

    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toContain('--conflict rebase; to the next object, --conflict rollover.');
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'one,theirstwo' });
  });

  test('is wrong usage where the file does not say which object is next', async () => {
    const { key } = newFolder();

    const { exitCode, stderr } = await replay('--conflict', 'rollover', await save({ key }, 'x'));

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^oss-append: --conflict rollover needs a file that says/);
  });
});

describe('a replay does not go on to the next object', () => {
  test('while a chunk may still land, and names the command for another object', async () => {
    const { folder, key, header } = newFolder();
    await makeNormal(key);
    const path = await save({ ...header, position: 0, ...inDoubt(4) }, 'one,two');

    const { exitCode, stderr } = await replay(path);

    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `oss-append: Cannot append to "${key}": the object is of type Normal, 6 bytes long. ` +
        `To append everything to another object: oss-append replay ${path} oss://bucket/key. ` +
        `Nothing was appended, and ${path} still has everything.\n`,
    );
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'normal' });
  });

  test('where another writer has appended behind its own bytes', async () => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'one,theirs');
    const path = await save({ ...header, position: 0, ...inDoubt(4) }, 'one,two');

    expect(await replay(path)).toMatchObject({ exitCode: 1 });
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'one,theirs' });
  });

  test.each([
    ['the file has no template', { template: undefined }],
    ['the template has a field of a later version', { template: '{week}.log' }],
    ['the template makes other keys', { template: 'other.log' }],
  ])('if %s', async (_, fields) => {
    const { folder, key, header } = newFolder();
    await appendAt(emulator, key, 0, 'before');
    await seal(key);
    const path = await save({ ...header, position: 6, ...fields }, 'rest');

    const { exitCode, stderr } = await replay(path);

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`oss-append replay ${path} oss://bucket/key`);
    expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'before' });
  });

  test('if the command line names an object', async () => {
    const { folder, key, url, header } = newFolder();
    await makeNormal(key);
    await appendAt(emulator, `${folder}/other.log`, 0, 'before,');
    const path = await save({ ...header, position: 0, ...inDoubt(4) }, 'one,two');

    const named = await replay(path, `${url}/other.log`);
    const unnamed = await replay(path);

    expect([named.exitCode, unnamed.exitCode]).toEqual([0, 0]);
    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'normal',
      'other.log': 'before,one,two',
    });
  });
});

test('a replay that was killed behind its first append to the next object does not repeat it', async () => {
  const { folder, key, header } = newFolder();
  await appendAt(emulator, key, 0, 'one,');
  await seal(key);
  const remove = addFault({ kind: 'stall', operation: 'append', key: `${folder}/app.1.log` });
  const file = { ...header, position: 0, ...inDoubt(4), recordDelimiter: '0a' };
  const path = await save(file, 'one,two');
  const child = startCommand(['replay', path], { env });
  const stored = async () => (await objectsIn(emulator, folder))['app.1.log'];
  await expect.poll(stored).toBe('two');
  child.kill('SIGKILL');
  await once(child, 'close');
  remove();

  expect(await headerOf(path)).toMatchObject({
    key: `${folder}/app.1.log`,
    position: 0,
    landed: 4,
    doubtful: 3,
    template: key,
    rollover: true,
    recordDelimiter: '0a',
  });
  expect(await replay(path)).toMatchObject({ exitCode: 0 });
  expect(await objectsIn(emulator, folder)).toEqual({ 'app.log': 'one,', 'app.1.log': 'two' });
});

test('the file of a process goes on behind its objects, and then so does the process', async () => {
  const { folder, key, url } = newFolder();
  const path = join(await createFolder(), 'rest');
  const flags = ['--rollover', '--shutdown-timeout', '300ms', '--fallback', path];
  const remove = addFault({ kind: 'drop-answer', operation: 'append', key });
  const removeToo = addFault({ kind: 'stall', operation: 'head', key, nth: 2, times: 100 });
  const child = startCommand([...flags, '--chunk-size', '4', `${url}/app.log`], { env });
  const result = resultOf(child);
  child.stdin?.write('one,two,three,');
  await expect.poll(async () => (await objectsIn(emulator, folder))['app.log']).toBe('one,');
  child.kill('SIGTERM');
  expect(await result).toMatchObject({ exitCode: 99 });
  remove();
  removeToo();
  await seal(key);

  expect(await replay(path)).toMatchObject({ exitCode: 0 });
  await runCommand(['--rollover', `${url}/app.log`], { env, input: 'four' });

  expect(await readFile(path, 'utf8')).toMatch(/^\{.+"template".+\}\none,two,three,$/);
  expect(await objectsIn(emulator, folder)).toEqual({
    'app.log': 'one,',
    'app.1.log': 'two,three,four',
  });
});
