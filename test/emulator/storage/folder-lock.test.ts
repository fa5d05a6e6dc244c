import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import { createFolder } from '../../helpers/folder.js';

describe('a folder on disk', () => {
  test('is used by one emulator at a time', async () => {
    const dir = await createFolder();
    const first = await startEmulator({ dir });

    await expect(startEmulator({ dir })).rejects.toThrow(
      `Cannot keep objects in ${dir}: process ${process.pid} uses it.`,
    );

    await first.close();
    const second = await startEmulator({ dir });
    await second.close();
    expect(await readdir(dir)).toEqual(['examplebucket']);
  });

  test('is recognized under another path', async () => {
    const dir = await createFolder();
    const alias = join(await createFolder(), 'alias');
    await symlink(dir, alias);
    await using _ = await startEmulator({ dir });

    await expect(startEmulator({ dir: alias })).rejects.toThrow(`process ${process.pid} uses it.`);
  });

  test('stays locked while another process uses it', async () => {
    const dir = await createFolder();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(other, 'spawn');
    await writeFile(join(dir, 'emulator.pid'), String(other.pid));

    await expect(startEmulator({ dir })).rejects.toThrow(`process ${other.pid} uses it`);

    other.kill('SIGKILL');
    await once(other, 'close');
    await (await startEmulator({ dir })).close();
  });

  test('can be used after a process with the same id was killed, as in a restarted container', async () => {
    const dir = await createFolder();
    await writeFile(join(dir, 'emulator.pid'), String(process.pid));

    await (await startEmulator({ dir })).close();
  });

  test('is unlocked if the emulator cannot start', async () => {
    const dir = await createFolder();
    const other = await startEmulator();
    onTestFinished(() => other.close());
    const port = Number(new URL(other.endpoint).port);

    await expect(startEmulator({ dir, port })).rejects.toThrow('EADDRINUSE');

    await (await startEmulator({ dir })).close();
  });

  test.each([
    ['a file', '/dev/null'],
    ['impossible to create', '/proc/nowhere'],
  ])('that is %s is refused', async (_, dir) => {
    await expect(startEmulator({ dir })).rejects.toThrow(`Cannot keep objects in ${dir}: `);
  });
});
