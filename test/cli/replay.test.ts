import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Fault } from '../../src/emulator/index.js';
import { OssClient } from '../../src/index.js';
import { append, appendAt, send } from '../emulator/signed-request.js';
import { resultOf, runCommand, startCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';
import type { ProcessResult } from '../helpers/process-result.js';
import { replayWith, save } from '../helpers/replaying.js';

const MiB = 2 ** 20;

const { emulator, env } = await startEmulatorForFile();

function replay(...args: string[]): Promise<ProcessResult> {
  return replayWith(env, ...args);
}

async function read(key: string): Promise<string> {
  return String(await emulator.read('examplebucket', key));
}

/** The header of a file whose first `byteLength` bytes are in doubt. */
function inDoubt(byteLength: number): object {
  return { confirmed: false, doubtful: byteLength };
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

/** Runs a writer whose first chunk of 4 bytes meets `fault`, and stops it with SIGTERM. */
async function leaveFile(key: string, fault: Fault['kind']): Promise<string> {
  const path = join(await createFolder(), 'rest');
  const removals = [
    emulator.faults.add({ kind: fault, operation: 'append', key }),
    // The first HEAD opens the object; later ones reconcile the chunk.
    emulator.faults.add({ kind: 'stall', operation: 'head', key, nth: 2, times: 100 }),
  ];
  const args = ['--chunk-size', '4', '--shutdown-timeout', '300ms', '--fallback', path];
  const child = startCommand([...args, `oss://examplebucket/${key}`], { env });
  const result = resultOf(child);
  child.stdin?.write('one,two,three');
  await expect.poll(() => appendsTo(key).length).toBeGreaterThan(0);
  child.kill('SIGTERM');
  expect(await result).toMatchObject({ exitCode: 99 });
  for (const remove of removals) remove();
  return path;
}

describe('a replay of a file that a writer left', () => {
  test('appends only the rest, and only once, if the first chunk landed', async () => {
    const path = await leaveFile('landed', 'drop-answer');
    const url = 'oss://examplebucket/landed';

    const first = await replay(path);
    const second = await replay(path);

    expect(first).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `Appended 9 bytes to ${url}, which held the 4 bytes before them: next position 13. ${path} can be deleted.\n`,
    });
    expect(second).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `Appended nothing: ${url} holds all 13 bytes already. ${path} can be deleted.\n`,
    });
    expect(await read('landed')).toBe('one,two,three');
    expect(appendsTo('landed').at(-1)).toBe(9);
  });

  test('appends only the rest if the first chunk lands during the replay', async () => {
    const path = await leaveFile('late', 'drop-request');
    const { appendObject } = OssClient.prototype;
    vi.spyOn(OssClient.prototype, 'appendObject').mockImplementationOnce(async function (
      this: OssClient,
      ...args
    ) {
      await appendAt(emulator, 'late', 0, 'one,');
      return appendObject.apply(this, args);
    });
    onTestFinished(() => void vi.restoreAllMocks());

    expect(await replay(path)).toMatchObject({ exitCode: 0 });
    expect(await read('late')).toBe('one,two,three');
  });

  test('treats only the sent chunk as doubtful, not other bytes that were read', async () => {
    const path = join(await createFolder(), 'rest');
    addFault({ kind: 'drop-answer', operation: 'append', key: 'read' });
    addFault({ kind: 'drop-request', operation: 'head', key: 'read', nth: 2, times: 100 });
    const input = Buffer.concat([Buffer.from('one,'), randomBytes(300_000)]);
    const args = ['--chunk-size', '4', '--high-water-mark', '8', '--retries', '0'];

    const url = 'oss://examplebucket/read';
    await runCommand([...args, '--fallback', path, url], { env, input });

    const [header = ''] = (await readFile(path, 'latin1')).split('\n');
    const { doubtful, byteLength } = JSON.parse(header);
    expect(doubtful).toBe(4);
    expect(byteLength).toBeGreaterThan(65_536);
  });

  test('appends everything if nothing landed', async () => {
    const path = await leaveFile('lost', 'drop-request');

    const { exitCode, stderr } = await replay(path);

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^Appended 13 bytes to oss:\/\/examplebucket\/lost: next position 13\. /,
    );
    expect(await read('lost')).toBe('one,two,three');
  });

  test.each([
    ['landed before the restart', 'drop-answer', 'one,restarted;two,three'],
    ['did not land', 'drop-request', 'restarted;one,two,three'],
  ] as const)(
    'is refused, and with rebase appends once, after a restarted writer appended, if the first chunk %s',
    async (_, fault, expected) => {
      const key = `restarted-${fault}`;
      const path = await leaveFile(key, fault);
      const before = await readFile(path);
      await runCommand([`oss://examplebucket/${key}`], { env, input: 'restarted;' });
      const went = appendsTo(key).length;

      const refused = await replay(path);
      const untouched = await readFile(path);
      const countAfterRefusal = appendsTo(key).length;
      const rebased = await replay('--conflict', 'rebase', path);
      const again = await replay('--conflict', 'rebase', path);
      const andAgain = await replay(path);

      expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
      expect(refused.stderr).toMatch(
        /^oss-append: Cannot append .+ another writer has appended there, .+ add --conflict rebase\. Nothing was appended, and .+ still has everything\.\n$/,
      );
      expect({ untouched, countAfterRefusal }).toEqual({
        untouched: before,
        countAfterRefusal: went,
      });
      expect(rebased).toMatchObject({ exitCode: 0 });
      expect([again.stderr, andAgain.stderr]).toEqual(
        Array(2).fill(expect.stringMatching(/^Appended nothing: .+ holds all 13 bytes already\./)),
      );
      expect(await read(key)).toBe(expected);
    },
  );
});

test('a rebase stops comparing at the first byte that another writer appended', async () => {
  const bytes = Buffer.alloc(500_000, 'x');
  const foreign = Buffer.from(bytes);
  foreign[1000] = 0;
  await appendAt(emulator, 'uniform', 0, foreign);
  const header = { key: 'uniform', position: 0, confirmed: false, doubtful: 100_000 };

  await replay('--conflict', 'rebase', await save(header, bytes));

  expect(await emulator.read('examplebucket', 'uniform')).toHaveLength(1_000_000);
});

describe('a replay that was killed', () => {
  /** Runs a replay until its append number `nth` has been applied, and kills it. */
  async function killAfter(nth: number, key: string, path: string): Promise<void> {
    const remove = addFault({ kind: 'stall', operation: 'append', key, nth });
    const before = appendsTo(key).length;
    const child = startCommand(['replay', path], { env });
    await expect.poll(() => appendsTo(key).length - before).toBe(nth);
    child.kill('SIGKILL');
    await once(child, 'close');
    remove();
  }

  test('resumes after the bytes it has appended', async () => {
    const bytes = randomBytes(9 * MiB);
    const path = await save({ key: 'killed', position: 0 }, bytes);
    await killAfter(2, 'killed', path);

    const { exitCode } = await replay(path);

    expect(exitCode).toBe(0);
    expect(appendsTo('killed')).toEqual([4 * MiB, 4 * MiB, MiB]);
    expect((await emulator.read('examplebucket', 'killed')).equals(bytes)).toBe(true);
  });

  test('resumes with --conflict rebase after bytes of another writer, and appends only missing bytes', async () => {
    const bytes = randomBytes(9 * MiB);
    const path = await save({ key: 'killed-rebase', position: 0 }, bytes);
    await killAfter(2, 'killed-rebase', path);
    // The other writer begins with the same 3 bytes as the rest of the file.
    const alike = Buffer.concat([bytes.subarray(8 * MiB, 8 * MiB + 3), Buffer.from('stranger')]);
    alike[3] = ~(bytes[8 * MiB + 3] as number) & 0xff;
    await append(emulator, 'killed-rebase', 8 * MiB, alike);

    const { exitCode } = await replay('--conflict', 'rebase', path);

    expect(exitCode).toBe(0);
    const expected = [bytes.subarray(0, 8 * MiB), alike, bytes.subarray(8 * MiB)];
    const content = await emulator.read('examplebucket', 'killed-rebase');
    expect(content.equals(Buffer.concat(expected))).toBe(true);
  });

  test('remembers the position it chose for bytes without one', async () => {
    await appendAt(emulator, 'nowhere', 0, 'before;');
    const path = await save({ key: 'nowhere' }, 'after;');
    await killAfter(1, 'nowhere', path);
    await append(emulator, 'nowhere', 13, 'stranger;');

    const { stderr } = await replay(path);

    expect(stderr).toMatch(/^Appended nothing: /);
    expect(await read('nowhere')).toBe('before;after;stranger;');
  });
});

describe('a replay of bytes without a position', () => {
  test('appends them at the end, once', async () => {
    await appendAt(emulator, 'end', 0, 'before;');
    const path = await save({ key: 'end' }, 'after;');

    const first = await replay(path);
    await append(emulator, 'end', 13, 'and on;');
    const second = await replay(path);

    expect(first.stderr).toMatch(
      /^Appended 6 bytes to oss:\/\/examplebucket\/end: next position 13/,
    );
    expect(second.stderr).toMatch(/^Appended nothing: /);
    expect(await read('end')).toBe('before;after;and on;');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('appends nothing if it cannot record the position in the file', async () => {
    const path = await save({ key: 'unnoted' }, 'x', 'r'.repeat(255));

    const { exitCode, stderr } = await replay(path);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^oss-append: Cannot record in .+ where its bytes go: ENAMETOOLONG/);
    expect(appendsTo('unnoted')).toEqual([]);
  });
});

describe('a replay with an address', () => {
  test('uses its bucket if the file does not name one', async () => {
    await appendAt(emulator, 'unnamed', 0, 'before;');
    const path = await save(
      { bucket: undefined, key: 'unnamed', position: 3, ...inDoubt(4) },
      'ore;after',
    );

    const refused = await replay(path);
    const { stderr } = await replay(path, 'oss://examplebucket/unnamed');

    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain(
      `"${path}" does not name a bucket: add oss://bucket/key after it.`,
    );
    expect(stderr).toMatch(/^Appended 5 bytes to .+, which held the 4 bytes before them/);
    expect(await read('unnamed')).toBe('before;after');
  });

  test('of another object appends everything there once, also when it is repeated without the address', async () => {
    await appendAt(emulator, 'other', 0, 'before;');
    const header = { key: 'gone', position: 70, confirmed: false, doubtful: 3, landed: 2 };
    const path = await save(header, 'after;');

    await replay(path, 'oss://examplebucket/other');
    const named = await replay(path, 'oss://examplebucket/other');
    const unnamed = await replay(path);

    expect([named.stderr, unnamed.stderr]).toEqual(
      Array(2).fill(expect.stringMatching(/^Appended nothing: oss:\/\/examplebucket\/other /)),
    );
    expect(await read('other')).toBe('before;after;');
  });
});

describe('a replay is refused', () => {
  test('if the object is shorter than before, even with --conflict rebase', async () => {
    await appendAt(emulator, 'short', 0, 'short');
    const path = await save({ key: 'short', position: 6 }, 'x');

    for (const args of [[], ['--conflict', 'rebase']]) {
      const { exitCode, stderr } = await replay(...args, path);

      expect(exitCode).toBe(1);
      expect(stderr).toMatch(
        /at position 6: the object is 5 bytes long\. To append everything to another object/,
      );
    }
    expect(await read('short')).toBe('short');
  });

  test('if the object is sealed, unless it already holds everything', async () => {
    await appendAt(emulator, 'sealed', 0, 'all of it');
    await runCommand(['seal', 'oss://examplebucket/sealed'], { env });

    const missing = await replay('--json', await save({ key: 'sealed', position: 9 }, '?'));
    const present = await replay(
      await save({ key: 'sealed', position: 4, ...inDoubt(5) }, 'of it'),
    );

    expect(missing).toMatchObject({ exitCode: 1 });
    expect(missing.stderr).toMatch(/^oss-append: Cannot append to "sealed": the object is sealed/);
    expect(JSON.parse(missing.stdout)).toMatchObject({
      error: { code: 'APPEND_ERR_NOT_APPENDABLE' },
    });
    expect(present).toMatchObject({ exitCode: 0 });
  });

  test('if the object has another type, without a hint at --conflict', async () => {
    const headers = { 'content-length': '6' };
    await send(emulator, { method: 'PUT', key: 'normal', body: 'normal', headers });

    const { exitCode, stderr } = await replay(await save({ key: 'normal', position: 0 }, 'x'));

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/the object is of type Normal/);
    expect(stderr).not.toContain('--conflict');
  });

  test('if another writer appends during the replay, and keeps the file', async () => {
    addFault({ kind: 'stranger', operation: 'append', key: 'raced' });
    const path = await save({ key: 'raced', position: 0 }, 'x');

    const { exitCode, stderr } = await replay('--remove', path);

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Nothing was appended, and ${path} still has everything.`);
    expect(await readFile(path, 'utf8')).toMatch(/\}\nx$/);
  });

  test('if another writer appends after the replay has planned and before it opens the object', async () => {
    await appendAt(emulator, 'outrun', 0, 'before;');
    addFault({ kind: 'stranger', operation: 'head', key: 'outrun', nth: 2 });
    const path = await save({ key: 'outrun', position: 7 }, 'x');

    const { exitCode, stderr } = await replay(path);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^oss-append: Cannot append to "outrun" at position 7: /);
    expect(appendsTo('outrun')).toEqual([7]);
  });

  test('with 1 if OSS is unavailable for too long', async () => {
    addFault({ kind: 'error-503', operation: 'head', key: 'busy' });

    const { exitCode, stderr } = await replay(await save({ key: 'busy', position: 0 }, 'x'));

    expect(exitCode).toBe(1);
    expect(stderr).toContain('OSS answered 503');
  });

  test('with 3 if the bucket or the credentials are wrong', async () => {
    const nowhere = await replay(await save({ bucket: 'no-such-bucket', key: 'k' }, 'x'));
    const path = await save({ key: 'k', position: 0 }, 'x');
    const secret = { ...env, OSS_ACCESS_KEY_SECRET: 'geheimnis' };
    const stranger = await replayWith(secret, '--json', path);

    expect(nowhere).toMatchObject({ exitCode: 3 });
    expect(stranger).toMatchObject({ exitCode: 3 });
    expect(stranger.stderr).toContain('SignatureDoesNotMatch');
    expect(stranger.stdout + stranger.stderr).not.toContain('geheimnis');
  });
});

describe('a replay', () => {
  test('prints one line of JSON with --json, and removes the file with --remove', async () => {
    await appendAt(emulator, 'json', 0, 'before;');
    const path = await save({ key: 'json', position: 3, ...inDoubt(4) }, 'ore;after');

    const { exitCode, stdout, stderr } = await replay('--json', '--quiet', '--remove', path);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      url: 'oss://examplebucket/json',
      bucket: 'examplebucket',
      key: 'json',
      file: path,
      byteLength: 9,
      present: 4,
      bytesWritten: 5,
      position: 12,
      removed: true,
      exitCode: 0,
      crc64: expect.any(String),
    });
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  test('needs no permission to read if the object has not grown', async () => {
    await appendAt(emulator, 'blind', 0, 'before;');
    addFault({ kind: 'forbid', operation: 'head', key: 'blind' });
    addFault({ kind: 'forbid', operation: 'get', key: 'blind' });

    const { exitCode } = await replay(await save({ key: 'blind', position: 7 }, 'after'));

    expect(exitCode).toBe(0);
    expect(await read('blind')).toBe('before;after');
  });

  test('resumes reading where a connection broke', async () => {
    const bytes = randomBytes(MiB);
    await appendAt(emulator, 'broken', 0, bytes.subarray(0, MiB - 1));
    addFault({ kind: 'cut-answer', operation: 'get', key: 'broken', nth: 1, times: 2 });

    const { exitCode } = await replay(
      await save({ key: 'broken', position: 0, ...inDoubt(MiB - 1) }, bytes),
    );

    expect(exitCode).toBe(0);
    expect(appendsTo('broken').at(-1)).toBe(1);
  });

  test('sets the attributes of a new object', async () => {
    const path = await save({ key: 'attributes', position: 0 }, 'x');

    await replay('--content-type', 'text/plain', path);

    const { headers } = await send(emulator, { method: 'HEAD', key: 'attributes' });
    expect(headers).toMatchObject({ 'content-type': 'text/plain' });
  });
});

describe('a replay exits with 2 and sends nothing for', () => {
  const header = { bucket: 'examplebucket', key: 'k', position: 0, byteLength: 1 };
  const known = { ...header, confirmed: true, doubtful: 0 };
  const foreign = 'is not a file of uncommitted bytes';

  test.each([
    ['an empty file', '', foreign],
    ['a file of another program', '[Credentials]\naccessKeySecret = geheimnis\n', foreign],
    ['a line of another program', 'geheimnis', foreign],
    ['JSON of another program', '{"accessKeySecret":"geheimnis"}\n', foreign],
    ['JSON that is not an object', 'null\n', foreign],
    ['a header without confirmed and doubtful', `${JSON.stringify(header)}\nx`, foreign],
    ['an invalid position', `${JSON.stringify({ ...known, position: -1 })}\nx`, foreign],
    ['a position of null', `${JSON.stringify({ ...known, position: null })}\nx`, foreign],
    ['more doubtful bytes than bytes', `${JSON.stringify({ ...known, doubtful: 2 })}\nx`, foreign],
    ['an invalid key', `${JSON.stringify({ ...known, key: '/k' })}\nx`, foreign],
    ['an invalid bucket', `${JSON.stringify({ ...known, bucket: ['logs'] })}\nx`, foreign],
    ['a truncated file', `${JSON.stringify(known)}\n`, 'is cut short: it holds 0 bytes of 1'],
    ['a truncated header', JSON.stringify(known).slice(0, 40), foreign],
    [
      'a file longer than its header says',
      `${JSON.stringify(known)}\nxy`,
      'holds 2 bytes, more than the 1 that its first line says',
    ],
  ])('%s', async (_, content, message) => {
    const path = join(await createFolder(), 'rest');
    await writeFile(path, content);

    const before = emulator.requests.length;

    const { exitCode, stderr } = await replay(path);

    expect({ exitCode, requests: emulator.requests.length }).toEqual({
      exitCode: 2,
      requests: before,
    });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('geheimnis');
  });

  test.each([
    [['/no/such/file'], 'Cannot read /no/such/file: ENOENT'],
    [['/dev/null'], 'it is not a file'],
    [['/dev/null', 'key'], '"key" is not of the form oss://bucket/key'],
    [['/dev/null', '--conflict', 'win'], 'Allowed choices are fail, rebase'],
    [['/dev/null', '--emulator'], 'With --emulator, replay needs --dir'],
    [[], "missing required argument 'file'"],
  ])('%j', async (args, message) => {
    const { exitCode, stderr } = await replay(...args);

    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
