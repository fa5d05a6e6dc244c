import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runInTerminal } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';
import { createFolder } from '../helpers/folder.js';

const { emulator, env } = await startEmulatorForFile();

describe('named files', () => {
  test('may outnumber the open files that a process is allowed', async () => {
    const cwd = await createFolder();
    const names = Array.from({ length: 300 }, (_, index) => `file-${index}`);
    for (const name of names) await writeFile(join(cwd, name), `${name}\n`);
    const script = `ulimit -n 100; oss_append oss://examplebucket/many ${names.join(' ')}`;

    const { exitCode, screen } = await runInTerminal(script, { env, cwd });

    expect(screen).not.toContain('EMFILE');
    expect(exitCode).toBe(0);
    const content = await emulator.read('examplebucket', 'many');
    expect(String(content)).toBe(names.map((name) => `${name}\n`).join(''));
  });

  test('that are sockets are a usage error', async () => {
    const cwd = await createFolder();
    const script = `node -e 'require("net").createServer().listen("s", () => process.exit())'; test -S s || exit 77; oss_append oss://examplebucket/k s`;

    const { exitCode, screen } = await runInTerminal(script, { env, cwd });

    expect(exitCode).toBe(2);
    expect(screen).toContain('Cannot read s: it is a socket.');
  });
});
