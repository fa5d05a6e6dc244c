import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { resultOf, runInTerminal, startCommand } from '../../helpers/command-line.js';
import { startEmulatorForFile } from '../../helpers/emulator-for-file.js';
import { createFolder } from '../../helpers/folder.js';

const { emulator, env } = await startEmulatorForFile();

describe('standard input is a usage error if it', () => {
  test.each([
    ['is a datagram socket', '< /dev/udp/127.0.0.1/9', 'it is a datagram socket'],
    ['is open for writing only', '0> /dev/null', 'it is not open for reading: EBADF'],
    ['is closed', '<&-', 'it is closed, or /dev/null opened for writing too'],
    ['is a folder', '< /tmp', 'it is a folder'],
  ])('%s', async (_, redirection, message) => {
    const before = emulator.requests.length;
    const program = new URL('../../../dist/cli/main.js', import.meta.url).pathname;
    const url = 'oss://examplebucket/refused';
    for (const operands of [url, `${url} -`]) {
      const script = `"${process.execPath}" "${program}" ${operands} ${redirection}`;
      const child = spawn('bash', ['-c', script], { env: { ...process.env, ...env } });

      const { exitCode, stderr } = await resultOf(child);

      expect(exitCode).toBe(2);
      expect(stderr).toMatch(
        /^oss-append: Cannot read standard input: .+\.\nSee oss-append --help\.\n$/,
      );
      expect(stderr).toContain(message);
    }
    expect(emulator.requests).toHaveLength(before);
  });
});

describe('standard input is read', () => {
  test('from /dev/null, which creates an empty object', async () => {
    const nothing = await open('/dev/null');
    onTestFinished(() => nothing.close());
    const args = ['oss://examplebucket/nothing'];
    const child = startCommand(args, { env, stdio: [nothing.fd, 'pipe', 'pipe'] });

    expect(await resultOf(child)).toMatchObject({ exitCode: 0 });
    expect(await emulator.read('examplebucket', 'nothing')).toHaveLength(0);
  });

  test('from where another process has stopped reading a file', async () => {
    const cwd = await createFolder();
    await writeFile(join(cwd, 'lines'), 'first\nsecond\n');
    const script = '{ read -r first; oss_append oss://examplebucket/lines; } < lines';

    await runInTerminal(script, { env, cwd });

    expect(String(await emulator.read('examplebucket', 'lines'))).toBe('second\n');
  });

  test('to its end if it is a stream socket', async () => {
    // Node.js connects child processes with sockets.
    const child = startCommand(['oss://examplebucket/socket'], { env });
    child.stdin?.end('over a socket');

    const [exitCode] = await once(child, 'close');

    expect(exitCode).toBe(0);
    expect(String(await emulator.read('examplebucket', 'socket'))).toBe('over a socket');
  });
});
