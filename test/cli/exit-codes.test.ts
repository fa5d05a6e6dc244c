import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { environmentOf, runCommand } from '../helpers/command-line.js';

let emulator: Emulator;
let env: Record<string, string>;
beforeAll(async () => {
  emulator = await startEmulator();
  env = environmentOf(emulator);
});
afterAll(() => emulator.close());

const url = 'oss://examplebucket/key';
const input = 'some bytes';

/** A port that nobody listens on, as somebody has just left it. */
async function closedEndpoint(): Promise<string> {
  const { endpoint, close } = await startEmulator();
  await close();
  return endpoint;
}

describe('oss-append gives up with one readable line and', () => {
  test('1 where the server cannot be reached', async () => {
    const endpoint = await closedEndpoint();
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
    ['no region', { OSS_REGION: '' }, 'OSS_REGION'],
    ['an endpoint that is none', { OSS_ENDPOINT: 'ftp://x' }, 'ftp:'],
  ])('3 with %s', async (_, variables, message) => {
    const result = await runCommand([url], { env: { ...env, ...variables }, input });

    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(result.stderr).toMatch(/^oss-append: [^\n]+\.\n$/);
    expect(result.stderr).toContain(message);
    expect(result.stderr).not.toContain('geheimnis');
  });

  test('3 where there is no such bucket', async () => {
    const { exitCode, stderr } = await runCommand(['oss://no-such-bucket/key'], { env, input });

    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^oss-append: .+ NoSuchBucket: .+\. Nothing was read or committed\.\n$/);
  });

  test('1 in mid-stream, having said what is committed and kept the rest', async () => {
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
    expect(stderr).toContain(`Not committed: 6 bytes; saved to ${uncommitted.file}.`);
  });

  test('1 for a file that cannot be read to its end, with what was read committed', async () => {
    const { exitCode, stderr } = await runCommand(
      ['oss://examplebucket/torn', '-', '/proc/self/mem'],
      {
        env,
        input,
      },
    );

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^oss-append: Cannot read \/proc\/self\/mem: EIO.+ 10 bytes are committed, the next position is 10\.\n$/,
    );
    expect(String(await emulator.read('examplebucket', 'torn'))).toBe(input);
  });
});

describe('oss-append refuses with 2, and touches nothing:', () => {
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
      "'chunkSize' must be an integer from 1 to",
    ],
    [['--flush-interval', 'soon', url], 'such as 500ms, 2s or 1m'],
    [['--storage-class', 'ColdArchive', url], 'Allowed choices are Standard, IA, Archive'],
    [['--meta', 'novalue', url], 'NAME=VALUE'],
    [['--expires', 'never', url], 'It must be a date'],
    [['--no-such-flag', url], "unknown option '--no-such-flag'"],
    [['--tee', '--json', url], '--tee and --json'],
    [['--dir', 'data', url], '--dir needs --emulator'],
    [['--emulator', '--region', 'x', url], '--emulator and --region exclude each other'],
    [['--emulator', '--fault', 'kind=nonsense', url], "'kind' must be one of"],
    [['--emulator', '--fault', 'nonsense', url], 'NAME=VALUE'],
    [[url, 'no-such-file'], 'Cannot read no-such-file: ENOENT'],
    [[url, tmpdir()], 'it is a folder'],
    [[url, '-', '-'], 'can be read only once'],
    [['cat', '--start', '2', '--end', '1', url], '--end, 1, must not be less than --start, 2'],
    [['emulate', '--port', '70000'], "'port' must be an integer from 0 to 65535"],
    [['emulate', '--port', 'http'], 'It must be a whole number'],
  ])('%j', async (args, message) => {
    const before = emulator.requests.length;

    // In this process: it is over before anything is read or sent.
    const stdout = vi.spyOn(process.stdout, 'write');
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    onTestFinished(() => void vi.restoreAllMocks());

    expect(await runProgram(args)).toBe(2);

    const stderr = written.mock.calls.map(([text]) => text).join('');
    expect(stdout).not.toHaveBeenCalled();
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^oss-append: [^\n]+\nSee oss-append --help\.\n$/);
    expect(emulator.requests).toHaveLength(before);
  });
});
