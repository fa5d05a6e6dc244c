import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs an ES module in its own process, which imports the built package as a user would.
 *
 * Rejects when the process fails or does not exit by itself within thirty seconds: twenty may run at once.
 *
 * @param env Environment variables in addition to those of the tests.
 * @returns Its output.
 */
export async function runProgram(source: string, env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  try {
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules/oss-append-stream'), 'dir');
    const program = join(folder, 'program.mjs');
    await writeFile(program, source);
    return await promisify(execFile)(process.execPath, [program], {
      timeout: 30_000,
      env: { ...process.env, ...env },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
