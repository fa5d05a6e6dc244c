import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { environmentOf, resultOf, startCommand } from '../helpers/command-line.js';

describe('a process suspended for longer than --shutdown-timeout', () => {
  test('uses the answer that arrived meanwhile', async () => {
    const emulator = await startEmulator();
    onTestFinished(() => emulator.close());
    const shutdownTimeout = 2000;
    emulator.faults.add({ kind: 'delay', operation: 'append', delay: shutdownTimeout / 2 });
    const args = ['--tee', '--shutdown-timeout', `${shutdownTimeout}`, 'oss://examplebucket/k'];
    const child = startCommand(args, { env: environmentOf(emulator) });
    onTestFinished(() => void child.kill('SIGKILL'));
    const result = resultOf(child);
    child.stdin?.write('answered in time');
    await once(child.stdout as Readable, 'data');

    child.kill('SIGTERM');
    child.stdin?.end();
    // Enough time to handle the signal and to send the append, but not to get the answer.
    await wait(shutdownTimeout / 4);
    child.kill('SIGSTOP');
    await wait(shutdownTimeout);
    child.kill('SIGCONT');

    expect(await result).toMatchObject({ exitCode: 143, stdout: 'answered in time' });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('answered in time');
  });
});
