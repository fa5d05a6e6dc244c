import { rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../src/emulator/index.js';
import { appendAt } from './emulator/signed-request.js';
import { RotatedLog } from './guarantees/follow/rotated-log.js';
import { environmentOf } from './helpers/command-line.js';
import { createFolder } from './helpers/folder.js';
import { startProgram } from './helpers/start-program.js';

const program = fileURLToPath(new URL('../build/examples/follow-a-file.js', import.meta.url));

async function start() {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const log = new RotatedLog(await createFolder());
  const args = [log.path, 'examplebucket', 'app.log'];
  const follow = () => startProgram(program, { args, env: environmentOf(emulator) });
  const read = () => emulator.read('examplebucket', 'app.log').then(String, () => '');
  /** Resolves when the object has everything that was written to the log. */
  const isComplete = () => expect.poll(read, { interval: 10, timeout: 10_000 }).toBe(log.content);
  return { emulator, log, follow, read, isComplete };
}

/** Resolves when a file that is created gets a later time: the kernel's clock for files is coarse. */
async function laterThan(time: number, folder: string): Promise<void> {
  const probe = join(folder, 'probe');
  const timeOfProbe = () => {
    writeFileSync(probe, '');
    const { birthtimeMs } = statSync(probe);
    rmSync(probe);
    return birthtimeMs;
  };
  await expect.poll(timeOfProbe, { interval: 1 }).toBeGreaterThan(time);
}

test('follow-a-file appends a log across rotation, and goes on where it was killed', async () => {
  const { log, follow, isComplete, read } = await start();
  const first = follow();
  log.write(100);
  await expect.poll(async () => (await read()).length, { timeout: 10_000 }).toBeGreaterThan(0);
  log.write(10);
  log.rotate();
  log.write(10);
  await isComplete();
  log.write(10);
  first.process.kill('SIGKILL');
  expect((await first.result).exitCode).toBe('SIGKILL');
  log.rotate();
  log.write(10);
  log.rotate();

  const second = follow();
  await isComplete();
  log.write(10);
  second.process.kill('SIGTERM');

  expect(await second.result).toMatchObject({ exitCode: 0, stderr: '' });
  await isComplete();
});

test('follow-a-file appends a log that was rotated twice between two looks', async () => {
  const { log, follow, isComplete } = await start();
  log.write(1);
  const { process, result } = follow();
  await isComplete();

  for (let rotations = 0; rotations < 2; rotations++) {
    log.rotate();
    log.write(1);
  }
  await isComplete();
  process.kill('SIGTERM');

  expect(await result).toMatchObject({ exitCode: 0, stderr: '' });
  await isComplete();
});

test('follow-a-file appends no file that rotation has not named, and none twice', async () => {
  const { log, follow, isComplete } = await start();
  log.write(1);
  const first = follow();
  await isComplete();
  first.process.kill('SIGKILL');
  await first.result;
  log.write(1);
  writeFileSync(`${log.path}.offset`, 'stranger');
  log.rotate();
  symlinkSync('app.log.0001', `${log.path}.0002`);
  log.write(1);
  follow();
  await isComplete();

  writeFileSync(`${log.path}.lock`, 'stranger');
  log.write(1);

  await isComplete();
});

test('follow-a-file appends nothing if it is unknown which files come next', async () => {
  const { emulator, log, follow, read } = await start();
  log.write(1);
  await appendAt(emulator, 'app.log', 0, log.content);
  log.write(1);
  await laterThan(statSync(log.path).birthtimeMs, dirname(log.path));
  log.rotate();
  log.write(1);
  log.rotate();
  utimesSync(`${log.path}.0001`, Date.now() / 1000 + 10, Date.now() / 1000 + 10);
  const before = await read();

  const { exitCode, stderr } = await follow().result;

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/Error: It is unknown which of .+\.0001 and .+\.0002 is older/);
  expect(await read()).toBe(before);
});

test('follow-a-file reads a truncated log from its beginning', async () => {
  const { log, follow, isComplete, read } = await start();
  log.write(2);
  follow();
  await isComplete();

  truncateSync(log.path);
  writeFileSync(log.path, 'new\n');

  await expect.poll(read, { timeout: 5000 }).toBe(`${log.content}new\n`);
});

test('follow-a-file appends nothing to an object that has other bytes', async () => {
  const { emulator, log, follow, read } = await start();
  await appendAt(emulator, 'app.log', 0, 'life');
  log.write(1);

  const { exitCode, stderr } = await follow().result;

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/Error: "app.log" is not what .+app\.log, or an older file, begins with/);
  expect(await read()).toBe('life');
});
