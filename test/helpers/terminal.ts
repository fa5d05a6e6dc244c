import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface Terminal {
  /** Path of the device. */
  readonly path: string;

  /** Sends input to the programs that read from it. */
  readonly type: (text: string) => void;
}

/** Opens a pseudo-terminal in raw mode, like a serial line; it is closed when the test ends. */
export async function openTerminal(): Promise<Terminal> {
  const script = 'stty raw -echo; tty; exec sleep 600';
  const child = spawn('script', ['-qec', script, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [path] = await once(child.stdout, 'data');
  return {
    path: String(path).trim(),
    type: (text) => void child.stdin.write(text),
  };
}
