import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { runProgram } from '../../src/cli/program.js';
import { createFolder } from './folder.js';
import type { ProcessResult } from './process-result.js';

/** Writes a file of uncommitted bytes, and returns its path. */
export async function save(
  header: object,
  content: string | Buffer,
  name = 'rest',
): Promise<string> {
  const path = join(await createFolder(), name);
  const bytes = Buffer.from(content);
  const facts = { bucket: 'examplebucket', confirmed: true, doubtful: 0 };
  const line = JSON.stringify({ ...facts, byteLength: bytes.byteLength, ...header });
  await writeFile(path, Buffer.concat([Buffer.from(`${line}\n`), bytes]));
  return path;
}

/** The first line of a file of uncommitted bytes. */
export async function headerOf(path: string): Promise<Record<string, unknown>> {
  const [line = ''] = (await readFile(path, 'latin1')).split('\n');
  return JSON.parse(line);
}

/** Runs `oss-append replay` in this process, which is faster than starting another. */
export async function replayWith(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<ProcessResult> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.stubEnv('TERM', 'dumb'); // Shows no progress.
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const textOf = ({ mock }: typeof stdout) => mock.calls.map(([text]) => text).join('');
  try {
    const exitCode = await runProgram(['replay', ...args]);
    return { exitCode, stdout: textOf(stdout), stderr: textOf(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    vi.unstubAllEnvs();
  }
}
