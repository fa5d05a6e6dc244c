import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { appendAt, putObject, send } from '../emulator/signed-request.js';
import { killConversion } from '../guarantees/conversion/kill-conversion.js';
import { environmentOf, runCommand, runInTerminal } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';
import { runHere } from '../helpers/run-here.js';
import { answer, refuse, startScriptedServer } from '../oss/scripted-server.js';

const { emulator, env } = await startEmulatorForFile();
await emulator.createBucket('otherbucket');

const source = 'oss://examplebucket/source';
await putObject(emulator, 'source', '123456789', { headers: { 'content-type': 'text/plain' } });

await appendAt(emulator, 'other', 0, 'other');

function read(key: string, bucket = 'examplebucket'): Promise<Buffer> {
  return emulator.read(bucket, key);
}

describe('convert', () => {
  test('makes an appendable object, and says that both are equal', async () => {
    const args = ['convert', '--meta', 'a=1', source, 'oss://otherbucket/made'];
    const result = await runCommand(args, { env });

    expect(result).toMatchObject({ exitCode: 0, stdout: '' });
    expect(result.stderr).toMatch(
      /^Appended 9 bytes in 1 append to oss:\/\/otherbucket\/made \(.+\): next position 9, CRC-64 11051210869376104954, equal to oss:\/\/examplebucket\/source\n$/,
    );
    expect(String(await read('made', 'otherbucket'))).toBe('123456789');
    const head = { method: 'HEAD', bucket: 'otherbucket', key: 'made' };
    expect((await send(emulator, head)).headers).toMatchObject({
      'x-oss-object-type': 'Appendable',
      'content-type': 'text/plain',
      'x-oss-meta-a': '1',
    });
  });

  test('says what was there, and prints the result as one line of JSON with --json', async () => {
    const url = 'oss://examplebucket/begun';
    await appendAt(emulator, 'begun', 0, '1234');
    const args = ['convert', '--chunk-size', '3', '--json', source, url];

    const first = await runCommand(args, { env });
    const second = await runCommand(['convert', source, url], { env });

    expect(first.stderr).toMatch(/^Appended 5 bytes in 2 appends to .+, which had the 4 bytes be/);
    expect(JSON.parse(first.stdout)).toEqual({
      source,
      url,
      bucket: 'examplebucket',
      key: 'begun',
      length: 9,
      bytesPresent: 4,
      bytesWritten: 5,
      position: 9,
      crc64: '11051210869376104954',
      appends: 2,
      attempts: 2,
      retries: 0,
      reconciles: 0,
      duration: expect.any(Number),
      exitCode: 0,
    });
    expect(second).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `Appended nothing to ${url}, a complete copy: next position 9, CRC-64 11051210869376104954, equal to ${source}\n`,
    });
  });

  test('shows its progress on a terminal', async () => {
    await using slow = await startEmulator();
    await putObject(slow, 'source', '123456789');
    slow.faults.add({ kind: 'delay', operation: 'append', delay: 400 });

    const { exitCode, screen } = await runInTerminal(
      `oss_append convert --chunk-size 3 ${source} oss://examplebucket/t`,
      { env: environmentOf(slow) },
    );

    expect(exitCode).toBe(0);
    // How far it is after a second depends on how busy the machine is.
    expect(screen).toMatch(/K[0369] B of 9 B committed {2}/);
    expect(screen).toContain('\r\u001b[KAppended 9 bytes in 3 appends');
  });

  test('carries over headers in UTF-8', async () => {
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    const headers = {
      'content-disposition': bytes('attachment; filename="größe 报告.log"'),
      'x-oss-meta-name': bytes('voilà'),
      expires: '0',
    };
    await putObject(emulator, 'foreign', '123456789', { headers });
    const args = ['convert', 'oss://examplebucket/foreign', 'oss://examplebucket/foreign.log'];

    const { exitCode, stderr } = await runHere(args, env);

    expect(stderr).toMatch(/^Appended 9 bytes /);
    expect(exitCode).toBe(0);
    const head = { method: 'HEAD', key: 'foreign.log' };
    expect((await send(emulator, head)).headers).toMatchObject(headers);
  });

  test('goes on in the folder of an emulator of its own', async () => {
    const cwd = await createFolder();
    const args = ['--emulator', '--dir', 'data', 'oss://examplebucket/made'];
    await runCommand(args, { cwd, input: 'x' });

    const { exitCode, stderr } = await runCommand(
      ['convert', '--emulator', '--dir', 'data', 'oss://otherbucket/a', 'oss://examplebucket/b'],
      { cwd },
    );

    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'oss-append: Cannot convert "a": the object does not exist. Nothing was appended.\n',
    );
  });
});

describe('convert refuses, and writes nothing', () => {
  test.each([
    {
      scenario: 'one object',
      args: [source, source],
      exitCode: 2,
      stderr: `oss-append: Name two objects: ${source} cannot be converted into itself.\n`,
    },
    {
      scenario: 'two buckets at the endpoint of one',
      args: ['--addressing', 'cname', source, 'oss://otherbucket/a'],
      exitCode: 2,
      stderr:
        'oss-append: With --addressing cname the endpoint belongs to one bucket: "examplebucket" and "otherbucket" are two.\n',
    },
    {
      scenario: 'an emulator without a folder',
      args: ['--emulator', source, 'oss://examplebucket/a'],
      exitCode: 2,
      stderr: 'oss-append: With --emulator, convert needs --dir: memory has no objects yet.\n',
    },
    {
      scenario: 'an object with other bytes',
      args: [source, 'oss://examplebucket/other'],
      exitCode: 1,
      stderr:
        'oss-append: Cannot convert "source" to "other": that object has 5 bytes, which are not the first ones of the source. Nothing was appended.\n',
    },
  ])('$scenario', async ({ args, exitCode, stderr }) => {
    const result = await runHere(['convert', ...args], env);

    expect(result.exitCode).toBe(exitCode);
    const [complaint] = result.stderr.split(/(?<=\n)/);
    expect(complaint).toBe(stderr);
    expect(emulator.requests.some(({ key }) => key === 'a')).toBe(false);
    expect(String(await read('other'))).toBe('other');
    expect(String(await read('source'))).toBe('123456789');
  });

  test('a header that OSS accepts no more, and names the flag that replaces it', async () => {
    const headers = {
      'content-length': '5',
      'x-oss-object-type': 'Normal',
      'x-oss-meta-a_b': 'c',
    };
    await using server = await startScriptedServer(answer(200, headers), refuse(404, 'NoSuchKey'));

    const { exitCode, stderr } = await runHere(['convert', source, 'oss://examplebucket/a'], {
      ...env,
      OSS_ENDPOINT: server.endpoint,
    });

    expect(stderr).toBe(
      'oss-append: Cannot convert "source": an append cannot send its header "x-oss-meta-a_b". Pass --meta instead. Nothing was appended.\n',
    );
    expect(exitCode).toBe(1);
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });

  test('exits with 3 if a bucket does not exist', async () => {
    const args = ['convert', 'oss://no-such-bucket/a', 'oss://examplebucket/a'];

    const { exitCode, stderr } = await runHere(args, env);

    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/NoSuchBucket/);
  });

  test('says that the same command goes on if OSS is unavailable for too long', async () => {
    await using weak = await startEmulator();
    await putObject(weak, 'source', '123456789');
    weak.faults.add({ kind: 'error-503', operation: 'append', nth: 2, times: 100 });
    const args = ['convert', '--chunk-size', '4', '--retries', '1', '--min-timeout', '1ms'];

    const { exitCode, stderr } = await runHere(
      [...args, source, 'oss://examplebucket/a'],
      environmentOf(weak),
    );

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      / 4 bytes appended, 4 of 9 are there\. The same command goes on from there\.\n$/,
    );
  });
});

test('a conversion that is killed in several places goes on in each, and sends nothing again', async () => {
  await using slow = await startEmulator();
  slow.faults.add({ kind: 'delay', operation: 'append', delay: 10 });
  const appends = () => slow.requests.filter(({ operation }) => operation === 'append').length;
  // Before it has sent anything, and in or between appends.
  const waits = [0, 1, 3, 5].map((more) => async () => {
    const seen = appends();
    await expect.poll(() => appends() >= seen + more, { interval: 1 }).toBe(true);
  });

  const { kills, bytesStored, problems } = await killConversion(slow, {
    name: 'killed',
    byteLength: 400_000,
    chunkSize: 4096,
    waits,
  });

  expect(problems).toEqual([]);
  expect(kills).toBe(4);
  // An append whose client was killed before the answer may be counted as not stored.
  expect(bytesStored).toBeLessThanOrEqual(400_000);
  expect(bytesStored).toBeGreaterThanOrEqual(400_000 - kills * 4096);
});
