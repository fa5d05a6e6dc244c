import { expect, test } from 'vitest';
import { appendAt } from '../emulator/signed-request.js';
import { runCommand } from '../helpers/command-line.js';
import { startEmulatorForFile } from '../helpers/emulator-for-file.js';

const { emulator, env } = await startEmulatorForFile();
await appendAt(emulator, 'five', 0, 'five\n');
await appendAt(emulator, 'series.log', 0, 'first\n');
await appendAt(emulator, 'series.1.log', 0, 'five\n');
await appendAt(emulator, 'empty', 0, '');

test.each([
  { command: ['cat'], key: 'five' },
  { command: ['tail'], key: 'five' },
  { command: ['tail', '--rollover'], key: 'series.log' },
])(
  '$command.0 $command.1 prints nothing from the end of an object, or from beyond',
  async ({ command, key }) => {
    for (const start of ['5', '6']) {
      const result = await runCommand(
        [...command, '--start', start, `oss://examplebucket/${key}`],
        { env },
      );
      expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    }
  },
);

test('tail prints nothing of an empty object', async () => {
  const result = await runCommand(['tail', '--start', '1', 'oss://examplebucket/empty'], { env });

  expect(result).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('tail does not wait at an offset of an object that does not exist', async () => {
  const result = await runCommand(['tail', '-f', '--start', '5', 'oss://examplebucket/none'], {
    env,
  });

  expect(result).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'oss-append: The object oss://examplebucket/none does not exist.\n',
  });
});
