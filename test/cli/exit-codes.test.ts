import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { append } from '../emulator/signed-request.js';
import { closedPort } from '../helpers/closed-port.js';
import { runCommand, startCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';

const { emulator, env } = await startEmulatorForFile();

const url = 'oss://examplebucket/key';
const input = 'some bytes';

describe('oss-append prints one line and exits with', () => {
  test('1 if the server cannot be reached', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;
    const args = ['--retries', '1', '--endpoint', endpoint, url];

    expect(await runCommand(args, { env, input })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^oss-append: Cannot open "key" after 2 attempts: .*connect ECONNREFUSED 127.0.0.1:\d+\. Nothing was read or committed\.\n$/,
      ),
    });
  });

  test.each([
    ['an unknown key id', { OSS_ACCESS_KEY_ID: 'nobody' }, 'InvalidAccessKeyId'],
    ['a wrong secret', { OSS_ACCESS_KEY_SECRET: 'geheimnis' }, 'SignatureDoesNotMatch'],
    ['another region', { OSS_REGION: 'cn-beijing' }, 'Invalid signing region'],
    ['no credentials', { OSS_ACCESS_KEY_ID: '' }, 'no credentials were found'],
    ['no region', { OSS_REGION: '' }, '--region must be given or OSS_REGION must be set'],
    ['an invalid endpoint', { OSS_ENDPOINT: 'ftp://x' }, 'ftp:'],
  ])('3 with %s', async (_, variables, message) => {
    const result = await runCommand([url], { env: { ...env, ...variables }, input });

    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(result.stderr).toMatch(/^oss-append: [^\n]+\.\n$/);
    expect(result.stderr).toContain(message);
    expect(result.stderr).not.toContain('geheimnis');
  });

  test('3 if the bucket does not exist', async () => {
    const { exitCode, stderr } = await runCommand(['oss://no-such-bucket/key'], { env, input });

    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^oss-append: .+ NoSuchBucket: .+\. Nothing was read or committed\.\n$/);
  });

  test('1 in mid-stream, after it has reported and saved the uncommitted bytes', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'oss-append-'));
    onTestFinished(() => rm(cwd, { recursive: true }));
    onTestFinished(emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 }));
    const args = ['--json', '--chunk-size', '4', 'oss://examplebucket/mid'];

    const { exitCode, stdout, stderr } = await runCommand(args, { env, cwd, input: '0123456789' });

    expect(exitCode).toBe(1);
    const { error, uncommitted, ...report } = JSON.parse(stdout);
    expect(report).toMatchObject({ exitCode: 1, bytesWritten: 4, position: 4 });
    expect(error).toMatchObject({ code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' });
    expect(uncommitted).toMatchObject({ position: 4, byteLength: 6, confirmed: true });
    expect(stderr).toMatch(/^oss-append: .+ 4 bytes are committed, the next position is 4\.\n/);
    expect(stderr).toContain(
      `Not committed: 6 bytes; saved to ${uncommitted.file}, after a first line`,
    );
  });

  test('1 for a file that cannot be read to its end, after it has committed the bytes read', async () => {
    const { exitCode, stderr } = await runCommand(
      ['oss://examplebucket/torn', '-', '/proc/self/mem'],
      {
        env,
        input,
      },
    );

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^oss-append: Cannot read \/proc\/self\/mem: EIO.+ 10 bytes are committed, the next position is 10\.\noss-append: Not read: \/proc\/self\/mem\.\n$/,
    );
    expect(String(await emulator.read('examplebucket', 'torn'))).toBe(input);
  });
});

describe('uncommitted bytes', () => {
  async function fail(cwd: string, ...args: string[]) {
    const forbidden = { kind: 'forbid', operation: 'append', key: 'lost' } as const;
    const remove = emulator.faults.add(forbidden);
    try {
      return await runCommand([...args, 'oss://examplebucket/lost'], { env, cwd, input });
    } finally {
      remove();
    }
  }

  test('never overwrite an existing file, which may be the only copy of other bytes', async () => {
    const cwd = await createFolder();
    await writeFile(join(cwd, 'rest'), 'of last time');

    const { stderr } = await fail(cwd, '--fallback', 'rest');

    expect(String(await readFile(join(cwd, 'rest')))).toBe('of last time');
    expect(stderr).toContain(`saved to ${join(cwd, 'rest.1')}, `);
    expect(String(await readFile(join(cwd, 'rest.1')))).toMatch(/^\{.+\}\nsome bytes$/);
  });

  test('come with a replay command that has the flags of the run, quoted for a shell', async () => {
    const cwd = await createFolder();
    const args = ['--endpoint', emulator.endpoint, '--content-type=text/x y', '--quiet'];
    const others = ['--chunk-size', '1MiB', '--position=0', '--shutdown-timeout', '1s'];

    const { stderr } = await fail(cwd, ...args, ...others, '--fallback', "it's a rest");

    const flags = `--endpoint ${emulator.endpoint} '--content-type=text/x y'`;
    const command = `oss-append replay ${flags} '${cwd}/it'\\''s a rest'`;
    expect(stderr.trimEnd().endsWith(`To append them: ${command}`)).toBe(true);
  });

  test('come with a replay command for --emulator only if --dir keeps its objects', async () => {
    const cwd = await createFolder();
    const args = ['--emulator', '--quiet', '--fault', 'kind=forbid,operation=append'];
    const inMemory = await runCommand([...args, url], { env, cwd, input });
    const kept = await runCommand(['--dir', 'objects', ...args, url], { env, cwd, input });
    const [, advised = ''] = kept.stderr.trimEnd().split('To append them: oss-append ');

    expect(inMemory.stderr).toMatch(
      /saved to .+, after a first line that says where they belong\.\n$/,
    );
    expect(await runCommand(advised.split(' '), { env, cwd })).toMatchObject({
      exitCode: 0,
      stderr: expect.stringMatching(/^Appended 10 bytes to /),
    });
  });

  test('are not saved if the files they were read from still have them', async () => {
    const cwd = await createFolder();
    await writeFile(join(cwd, 'a.log'), 'committed');
    await writeFile(join(cwd, 'b.log'), 'and not this');
    onTestFinished(emulator.faults.add({ kind: 'forbid', operation: 'append', key: 'ab', nth: 2 }));
    const args = ['--chunk-size', '13', 'oss://examplebucket/ab', 'a.log', 'b.log'];

    const { exitCode, stderr } = await runCommand(args, { env, cwd });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('13 bytes are committed, the next position is 13.');
    expect(stderr).toContain('Not committed: 8 bytes; b.log has them, from byte 4 on.');
    expect((await readdir(cwd)).sort()).toEqual(['a.log', 'b.log']);
  });

  test('come without a replay command if the object has diverged', async () => {
    const cwd = await createFolder();
    onTestFinished(emulator.faults.add({ kind: 'stranger', operation: 'append', key: 'other' }));

    const { exitCode, stderr } = await runCommand(['oss://examplebucket/other'], {
      env,
      cwd,
      input,
    });

    expect(exitCode).toBe(1);
    expect(stderr).toContain('saved to ');
    expect(stderr).not.toContain('To append them');
  });
});

describe('a failure to write to standard output', () => {
  test.each([
    [['stat', 'oss://examplebucket/full']],
    [['cat', 'oss://examplebucket/full']],
    [['--json', '--quiet', 'oss://examplebucket/full', '/dev/null']],
    [['--tee', '--quiet', 'oss://examplebucket/full', process.execPath]],
    [['--help']],
  ])('is reported: %j', async (args) => {
    await append(emulator, 'full', 0, 'x');
    const full = await open('/dev/full', 'w');
    onTestFinished(() => full.close());
    const child = startCommand(args, { env, stdio: ['ignore', full.fd, 'pipe'] });

    const [stderr, [exitCode]] = await Promise.all([
      text(child.stderr as Readable),
      once(child, 'close'),
    ]);

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^oss-append: Cannot write to standard output: ENOSPC.+\n$/);
  });
});

/** Flags that let everything else be checked first. */
const somewhere = ['--region', 'x'];

describe('oss-append exits with 2 and sends nothing:', () => {
  test.each([
    [['oss://bucket'], 'is not of the form oss://bucket/key'],
    [['oss://Bucket/key'], "'bucket' must be 3 to 63 lower-case letters"],
    [['oss://bucket//key'], 'the key must not begin with a slash'],
    [[`oss://bucket/${'k'.repeat(1024)}`], '1 to 1023 bytes'],
    [['key'], 'Name exactly one object'],
    [[url, url], 'Name exactly one object'],
    [[], 'missing required argument'],
    [['--chunk-size', '4MX', url], 'such as 65536, 64KiB or 4MiB'],
    [
      ['--region', 'cn-hangzhou', '--chunk-size', '0', url],
      'Cannot append as --chunk-size must be an integer from 1 to',
    ],
    [['--flush-interval', 'soon', url], 'such as 500ms, 2s or 1m'],
    [['--record-delimiter', '\\q', url], 'write \\n, \\r, \\t, \\0, \\\\ or \\xHH'],
    [[...somewhere, '--record-delimiter', '', url], '--record-delimiter must be 1 to 1024'],
    [[...somewhere, '--max-timeout', '600h', url], '--max-timeout must be a number from 0'],
    [[...somewhere, '--meta', 'ä=1', url], '--meta'],
    [['--storage-class', 'ColdArchive', url], 'Allowed choices are Standard, IA, Archive'],
    [['--meta', 'novalue', url], 'NAME=VALUE'],
    [['--expires', 'never', url], 'It must be a date'],
    [['--time-zone', 'UTC', url], '--time-zone needs --rollover'],
    [['--conflict', 'rollover', url], '--conflict rollover needs --rollover'],
    [['--rollover', '--conflict', 'rebase', url], 'Allowed choices are fail, rollover.'],
    [['--rollover', '--position', '0', url], '--position is that of one object'],
    [['--rollover-size', '1YiB', url], 'such as 65536, 64KiB or 4MiB'],
    [['--rollover-interval', 'week', url], 'It must be hour, day, month or a duration'],
    [
      [...somewhere, '--rollover-size', '1MiB', url],
      '--rollover-size must be an integer from 4194304',
    ],
    [
      [...somewhere, '--rollover-interval', '0', url],
      '--rollover-interval must be an integer from 1',
    ],
    [[...somewhere, '--rollover', '--time-zone', 'Mars', url], '--time-zone must be the name of a'],
    [
      [...somewhere, '--rollover-interval', 'day', url],
      "the key must be a template with {yyyy}, {MM} and {dd}, which --rollover-interval needs: current value is 'key'",
    ],
    [
      [...somewhere, '--rollover', `${url}-{yyy}`],
      'the key must be a template with no other fields',
    ],
    [[...somewhere, '--rollover', `${url}-{`], 'the key must be a template with balanced braces'],
    [['--no-such-flag', url], "unknown option '--no-such-flag'"],
    [['--tee', '--json', url], '--tee and --json'],
    [['--dir', 'data', url], '--dir needs --emulator'],
    [['--emulator', '--region', 'x', url], '--emulator and --region exclude each other'],
    [
      ['--emulator', '--credentials', './a.mjs', url],
      '--emulator and --credentials exclude each other',
    ],
    [['--credentials', '.a b', url], 'It must be a path that begins with'],
    [['--emulator', '--fault', 'kind=nonsense', url], "'kind' must be one of"],
    [['--emulator', '--fault', 'nonsense', url], 'NAME=VALUE'],
    [[url, 'no-such-file'], 'Cannot read no-such-file: ENOENT'],
    [['status', url], 'stat \'status\'. Did you mean the command "stat"?\n'],
    [['a', url], "stat 'a'.\n"],
    [[url, tmpdir()], 'it is a folder'],
    [[url, '-', '-'], 'can be read only once'],
    [['--fallback', '/no/such/folder/rest', url], 'Cannot keep bytes in "/no/such/folder/rest"'],
    [['--fallback', tmpdir(), url], 'it is a folder'],
    [['--request-timeout', '0', url], '--request-timeout must be from 1ms'],
    [['cat', '--start', '2', '--end', '1', url], '--end, 1, must not be less than --start, 2'],
    [['emulate', '--port', '70000'], "'port' must be an integer from 0 to 65535"],
    [['emulate', '--port', 'http'], 'It must be a whole number'],
  ])('%j', async (args, message) => {
    const before = emulator.requests.length;

    // Run in this process: it fails before it reads or sends anything.
    const stdout = vi.spyOn(process.stdout, 'write');
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => void vi.restoreAllMocks());

    expect(await runProgram(args)).toBe(2);

    const stderr = written.mock.calls.map(([text]) => text).join('');
    expect(stdout).not.toHaveBeenCalled();
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^oss-append: [^\n]+\nSee oss-append( \w+)? --help\.\n$/);
    expect(emulator.requests).toHaveLength(before);
  });
});
