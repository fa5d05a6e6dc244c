import { writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { appendAt } from '../emulator/signed-request.js';
import { RotatedLog } from '../guarantees/follow/rotated-log.js';
import { environmentOf, resultOf, runCommand, startCommand } from '../helpers/command-line.js';
import { createFolder } from '../helpers/folder.js';

const url = 'oss://examplebucket/app.log';

async function start() {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const log = new RotatedLog(await createFolder());
  const env = environmentOf(emulator);
  const flags = ['--poll-interval', '20ms', '--flush-interval', '20ms'];
  const follow = (...more: string[]) => {
    const child = startCommand(['--follow', log.path, ...flags, url, ...more], { env });
    onTestFinished(() => void child.kill('SIGKILL'));
    return { child, result: resultOf(child) };
  };
  const read = () => emulator.read('examplebucket', 'app.log').then(String, () => '');
  /** Resolves when the object has everything that was written to the log. */
  const isComplete = () => expect.poll(read, { interval: 10 }).toBe(log.content);
  return { emulator, env, log, follow, read, isComplete };
}

describe('--follow', () => {
  test('appends a file as it grows, across rotation, until a signal', async () => {
    const { log, follow, isComplete } = await start();
    const { child, result } = follow();
    log.write(3);
    await isComplete();
    log.write(1);
    log.rotate();
    log.write(1);
    await isComplete();
    log.write(1);

    child.kill('SIGTERM');

    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(143);
    await isComplete();
    expect(stderr).toMatch(
      /^(oss-append: app.log does not exist yet\.\n)?oss-append: Going on with the next app.log\.\nAppended 108 bytes in \d appends to .+ until SIGTERM .+: next position 108, CRC-64 \d+\n$/,
    );
  });

  test('goes on exactly where the object ends after it was killed, also if the file was rotated', async () => {
    const { emulator, log, follow, isComplete, read } = await start();
    emulator.faults.add({ kind: 'drop-answer', operation: 'append', probability: 0.3 });
    log.write(1000);
    for (let kills = 0; kills < 4; kills++) {
      const { child, result } = follow('--min-timeout', '5ms');
      log.write(1000);
      await isComplete();
      log.write(1000);
      const before = (await read()).length;
      await expect.poll(async () => (await read()).length, { interval: 1 }).toBeGreaterThan(before);
      child.kill('SIGKILL');
      expect((await result).exitCode).toBe('SIGKILL');
      log.write(10);
      if (kills > 0) log.rotate();
      log.write(10);
    }

    const { child, result } = follow('--min-timeout', '5ms');
    await isComplete();
    child.kill('SIGINT');

    expect((await result).exitCode).toBe(130);
  });

  test('appends a file that was rotated twice between two looks', async () => {
    const { log, follow, isComplete } = await start();
    log.write(1);
    const { child, result } = follow();
    await isComplete();

    for (let rotations = 0; rotations < 2; rotations++) {
      log.rotate();
      log.write(1);
    }
    await isComplete();
    child.kill('SIGTERM');

    expect((await result).exitCode).toBe(143);
  });

  test('appends files that were rotated before, if they are named', async () => {
    const { log, follow, isComplete } = await start();
    log.write(1);
    log.rotate();
    log.write(1);
    const { child, result } = follow(`${log.path}.0001`);

    await isComplete();
    child.kill('SIGTERM');

    expect((await result).exitCode).toBe(143);
  });

  test('says what was truncated, and reads it from its beginning', async () => {
    const { log, follow, isComplete, read } = await start();
    log.write(2);
    const { child, result } = follow();
    await isComplete();

    writeFileSync(log.path, 'new\n');
    await expect.poll(read).toBe(`${log.content}new\n`);
    child.kill('SIGTERM');

    expect((await result).stderr).toMatch(/^oss-append: app.log was truncated after byte 36 was/);
  });

  test('refuses with 1, and appends nothing, if the object has other bytes than the file', async () => {
    const { emulator, env, log } = await start();
    await appendAt(emulator, 'app.log', 0, 'other');
    log.write(1);

    const { exitCode, stderr } = await runCommand(['--follow', log.path, url], { env });

    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'oss-append: Cannot follow app.log: the 5 bytes of the object are not the first ones of app.log. If older files are elsewhere, name them after the address of the object, oldest first; if it was truncated, or is another file, append to a new object. Nothing was committed, the next position is 5.\n',
    );
    expect(String(await emulator.read('examplebucket', 'app.log'))).toBe('other');
  });

  test('names the place in the file where it gave up', async () => {
    const { emulator, env, log, isComplete } = await start();
    log.write(1);
    const args = ['--retries', '0', '--flush-interval', '0', '--json', '--poll-interval', '20ms'];
    const child = startCommand(['--follow', log.path, ...args, url], { env });
    const result = resultOf(child);
    await isComplete();
    emulator.faults.add({ kind: 'drop-request', operation: 'append' });

    log.write(1);

    const { exitCode, stdout, stderr } = await result;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      / Not committed: 18 bytes, .+; .+app\.log has them, from byte 18 on\.\n/,
    );
    expect(JSON.parse(stdout)).toMatchObject({
      uncommitted: { position: 18, resumeAt: [{ name: log.path, start: 18, end: 36 }] },
    });
  });
});
