import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OssClient } from '../../src/index.js';
import { appendAt } from '../emulator/signed-request.js';
import { resultOf, runCommand, runInTerminal, startCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';
import { objectsIn } from '../helpers/objects-in.js';
import { connectionTo } from '../helpers/open-stream.js';

const { emulator, env } = await startEmulatorForFile();

let folders = 0;

/** A folder that no other test of the file uses, and the address of `name` in it. */
function newFolder(name = 'app.log') {
  const folder = `test-${++folders}`;
  return { folder, url: `oss://examplebucket/${folder}/${name}`, key: `${folder}/${name}` };
}

/** Runs `oss-append` with `args` and an input, and parses its JSON. */
async function run(args: readonly string[], input: string) {
  const { exitCode, stdout, stderr } = await runCommand(['--json', ...args], { env, input });
  return { exitCode, stderr, json: stdout === '' ? undefined : JSON.parse(stdout) };
}

/** Lines of 40 bytes, one for each letter. */
const lines = (letters: string) => [...letters].map((it) => `${it.repeat(39)}\n`).join('');

/** Appends whole lines, and goes on before an object is longer than 100 bytes. */
const bySize = ['--record-delimiter', '\\n', '--chunk-size', '100', '--rollover-size', '100'];

function sealObject(key: string, position: number): Promise<void> {
  return new OssClient(connectionTo(emulator)).sealAppendObject(key, position);
}

describe('oss-append --rollover-size', () => {
  test('goes on to the next object by size, and names the objects', async () => {
    const { folder, url } = newFolder();

    const { exitCode, stderr, json } = await run([...bySize, url], lines('abcde'));

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': lines('ab'),
      'app.1.log': lines('cd'),
      'app.2.log': lines('e'),
    });
    const base = `oss://examplebucket/${folder}`;
    expect(stderr.split('\n')).toEqual([
      `oss-append: Going on with ${base}/app.1.log: ${folder}/app.log is 80 bytes long.`,
      `oss-append: Going on with ${base}/app.2.log: ${folder}/app.1.log is 80 bytes long.`,
      expect.stringMatching(
        `^Appended 200 bytes in 3 appends to ${base}/app.2.log, with 2 rollovers \\(.+\\): next position 40, CRC-64 `,
      ),
      '',
    ]);
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      url: `${base}/app.2.log`,
      bucket: 'examplebucket',
      key: `${folder}/app.2.log`,
      rollovers: 2,
      bytesWritten: 200,
      position: 40,
      crc64: expect.any(String),
    });
  });

  test('continues the last object when it is started again', async () => {
    const { folder, url } = newFolder();
    await run([...bySize, url], lines('abc'));

    const { json } = await run([...bySize, url], lines('de'));

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': lines('ab'),
      'app.1.log': lines('cd'),
      'app.2.log': lines('e'),
    });
    expect(json).toMatchObject({ key: `${folder}/app.2.log`, rollovers: 1, bytesWritten: 80 });
  });

  test('seals each object with --seal', async () => {
    const { folder, url } = newFolder();

    const { json } = await run([...bySize, '--seal', url], lines('abc'));

    const client = new OssClient(connectionTo(emulator));
    const states = await Promise.all(
      ['app.log', 'app.1.log'].map((name) => client.headObject(`${folder}/${name}`)),
    );
    expect(states).toMatchObject([{ sealed: true }, { sealed: true }]);
    expect(json).toMatchObject({ sealed: true, exitCode: 0 });
  });

  test('says at once that an object could not be sealed, and exits with 1 at the end', async () => {
    const { folder, url, key } = newFolder();
    onTestFinished(emulator.faults.add({ kind: 'forbid', operation: 'seal', key, times: 1 }));

    const { exitCode, stderr, json } = await run([...bySize, '--seal', url], lines('abc'));

    const [first, second, last] = stderr.split('\n');
    expect(first).toMatch(`oss-append: Cannot seal "${key}" at position 80: OSS answered 403`);
    expect(second).toMatch('oss-append: Going on with ');
    expect(last).toMatch(
      `. 120 bytes are committed, the next position in "${folder}/app.1.log" is 40.`,
    );
    expect(exitCode).toBe(1);
    expect(json).toMatchObject({ sealed: false, exitCode: 1 });
    expect(await objectsIn(emulator, folder)).toMatchObject({ 'app.1.log': lines('c') });
  });

  test('prints nothing of it with --quiet', async () => {
    const { url } = newFolder();

    const { stderr, json } = await run([...bySize, '--quiet', url], lines('abc'));

    expect(stderr).toBe('');
    expect(json).toMatchObject({ rollovers: 1 });
  });

  test('replaces the line of progress on a terminal', async () => {
    const { url } = newFolder();
    const flags = "--record-delimiter '\\n' --chunk-size 4 --rollover-size 4";

    const { screen } = await runInTerminal(`seq 100 101 | oss_append ${flags} ${url}`, { env });

    const [, notice, ...states] = screen.split('\r\u001b[K');
    expect(notice).toMatch(/^\S*oss-append:\S* Going on with oss:.+ is 4 bytes long\.\r\n$/);
    expect(states.at(-1)).toMatch(/^Appended 8 bytes in 2 appends/);
  });
});

describe('oss-append --rollover-interval', () => {
  /** The day in a time zone, as in keys. */
  const dayIn = (timeZone: string) => new Intl.DateTimeFormat('en-CA', { timeZone }).format();

  test.each([
    { zone: 'UTC', flags: [] },
    // Its day is always another one than that of Niue, 25 hours behind it.
    { zone: 'Pacific/Kiritimati', flags: ['--time-zone', 'Pacific/Kiritimati'] },
    { zone: 'Pacific/Niue', flags: ['--time-zone', 'Pacific/Niue'] },
  ])('appends to the object of the day in $zone, also when it is started again', async (row) => {
    const { folder, url } = newFolder('app-{yyyy}-{MM}-{dd}.log');
    const days = new Set([dayIn(row.zone)]);
    for (const input of ['one,', 'two']) {
      await run([...row.flags, '--rollover-interval', 'day', url], input);
    }
    days.add(dayIn(row.zone));

    const objects = await objectsIn(emulator, folder);
    expect([...days].map((day) => `app-${day}.log`)).toEqual(
      expect.arrayContaining(Object.keys(objects)),
    );
    expect(Object.values(objects).join('')).toBe('one,two');
  });

  test('goes on to the next object for what is read in another interval', async () => {
    const { folder, url } = newFolder();
    const args = ['--rollover-interval', '1', '--flush-interval', '0', url];
    const child = startCommand(args, { env });
    child.stdin?.write('before');
    const wait = { timeout: 20_000 };
    const contents = async () => Object.values(await objectsIn(emulator, folder)).sort();
    await vi.waitFor(async () => expect(await contents()).toEqual(['before']), wait);
    child.stdin?.end('after');
    const { stderr } = await resultOf(child);

    expect(await contents()).toEqual(['after', 'before']);
    expect(stderr).toMatch(/: the period of \S+ is over, it is 6 bytes long\.\n/);
  });
});

describe('oss-append --rollover', () => {
  test('goes on to the next object when somebody seals it', async () => {
    const { folder, url, key } = newFolder();
    const child = startCommand(['--rollover', '--flush-interval', '0', url], { env });
    child.stdin?.write('before');
    const wait = { timeout: 20_000 };
    const objects = () => objectsIn(emulator, folder);
    await vi.waitFor(async () => expect(await objects()).toEqual({ 'app.log': 'before' }), wait);
    await sealObject(key, 6);
    child.stdin?.end('after');
    const { exitCode, stderr } = await resultOf(child);

    expect(await objects()).toEqual({ 'app.log': 'before', 'app.1.log': 'after' });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`/app.1.log: ${key} takes no more appends.\n`);
  });

  test('gives two processes that start together an object each', async () => {
    const { folder, url, key } = newFolder();
    const children = [1, 2].map(() => startCommand(['--rollover', url], { env }));
    const results = children.map((child) => resultOf(child));
    const opened = () => emulator.requests.filter((request) => request.key === key);
    await expect.poll(() => opened().length).toBe(2);
    for (const [index, child] of children.entries()) child.stdin?.end(`process ${index}`);
    const ended = await Promise.all(results);

    expect(ended).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
    const objects = await objectsIn(emulator, folder);
    expect(Object.keys(objects)).toEqual(['app.1.log', 'app.log']);
    expect(Object.values(objects).sort()).toEqual(['process 0', 'process 1']);
    const notices = ended.map(({ stderr }) => stderr).join('');
    expect(notices.split(`another writer has appended to ${key}.\n`)).toHaveLength(2);
  });

  test.each([
    { conflict: 'fail', exitCode: 1, later: {} },
    { conflict: 'rollover', exitCode: 0, later: { 'app.1.log': 'more' } },
  ])('ends with a later conflict as --conflict $conflict says', async (row) => {
    const { folder, url, key } = newFolder();
    const cwd = await createFolder();
    const args = ['--rollover', '--conflict', row.conflict, '--flush-interval', '0', url];
    const child = startCommand(args, { env, cwd });
    child.stdin?.write('ours,');
    const wait = { timeout: 20_000 };
    const objects = () => objectsIn(emulator, folder);
    await vi.waitFor(async () => expect(await objects()).toEqual({ 'app.log': 'ours,' }), wait);
    await appendAt(emulator, key, 5, 'theirs');
    child.stdin?.end('more');
    const { exitCode } = await resultOf(child);

    expect(exitCode).toBe(row.exitCode);
    expect(await objects()).toEqual({ 'app.log': 'ours,theirs', ...row.later });
  });

  test('takes the next object that does not exist with --flags ax', async () => {
    const { folder, url, key } = newFolder();
    await appendAt(emulator, key, 0, 'before');

    await run(['--rollover', '--flags', 'ax', url], 'after');

    expect(await objectsIn(emulator, folder)).toEqual({
      'app.log': 'before',
      'app.1.log': 'after',
    });
  });

  test('writes braces that are doubled, and without it braces as they are', async () => {
    const { folder } = newFolder();
    const url = `oss://examplebucket/${folder}/{{yyyy}}`;

    const { json } = await run(['--rollover', url], 'with');
    await run([url], 'without');

    expect(json).toMatchObject({ key: `${folder}/{yyyy}`, url: url.replace('{{yyyy}}', '{yyyy}') });
    expect(await objectsIn(emulator, folder)).toEqual({ '{yyyy}': 'with', '{{yyyy}}': 'without' });
  });

  test('saves in a file how to go on', async () => {
    const { folder, url, key } = newFolder('{hostname}/app.log');
    const path = join(await createFolder(), 'rest');
    onTestFinished(emulator.faults.add({ kind: 'forbid', operation: 'append' }));
    const flags = ['--rollover-size', '4MiB', '--time-zone', 'Asia/Shanghai', '--conflict'];
    const args = [...flags, 'rollover', '--record-delimiter', '\\xff\\n', '--fallback', path, url];

    const { stderr } = await run(args, 'rest');

    const [header = ''] = (await readFile(path, 'utf8')).split('\n');
    expect(JSON.parse(header)).toEqual({
      bucket: 'examplebucket',
      key: expect.stringMatching(`^${folder}/[^{]+/app.log$`),
      position: 0,
      byteLength: 4,
      confirmed: true,
      doubtful: 0,
      template: key,
      rollover: { maxSize: 4_194_304, timeZone: 'Asia/Shanghai' },
      conflict: 'rollover',
      recordDelimiter: 'ff0a',
    });
    expect(stderr).toContain(`To append them: oss-append replay ${path}\n`);
  });
});
