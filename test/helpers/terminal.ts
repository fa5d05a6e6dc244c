import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

export interface Terminal {
  /** What a program opens. */
  readonly path: string;

  /** Types, or sends over the line, what programs then read. */
  readonly type: (text: string) => void;
}

/** Opens a pseudo-terminal, in raw mode as a serial line is; it does not outlive the test. */
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
