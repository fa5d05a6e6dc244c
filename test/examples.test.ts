import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../src/emulator/index.js';
import { environmentOf } from './helpers/command-line.js';
import { blockUnder } from './helpers/document-blocks.js';

/** Runs an example as it was built, against `env`. */
async function run(name: string, args: string[], env: Record<string, string> = {}) {
  const program = fileURLToPath(new URL(`../build/examples/${name}.js`, import.meta.url));
  return promisify(execFile)(process.execPath, [program, ...args], {
    timeout: 10_000,
    env: { ...process.env, ...env },
  });
}

describe('examples', () => {
  test('pipe-a-file appends a file', async () => {
    await using emulator = await startEmulator();
    const path = fileURLToPath(import.meta.url);

    const env = environmentOf(emulator);
    const { stdout } = await run('pipe-a-file', [path, 'examplebucket', 'a.ts'], env);

    const { length } = await emulator.read('examplebucket', 'a.ts');
    expect(stdout).toBe(`${length} bytes appended to a.ts, now ${length} bytes long\n`);
  });

  test('camera-feed appends frames as they come', async () => {
    await using emulator = await startEmulator();

    const env = environmentOf(emulator);
    const { stdout } = await run('camera-feed', ['examplebucket', 'camera.ts', '1'], env);

    const { length } = await emulator.read('examplebucket', 'camera.ts');
    expect(length).toBeGreaterThanOrEqual(25 * 40_000);
    const commits = stdout.trimEnd().split('\n');
    expect(commits.length).toBeGreaterThan(1);
    expect(commits[0]).toMatch(/^0 \+\d+$/);
  });

  test('in-memory-client appends to a store of its own', async () => {
    const { stdout } = await run('in-memory-client', []);

    expect(stdout).toBe('one line\nanother line\n');
  });

  test('docs/emulator.md shows the test with the emulator as it is', async () => {
    const example = await readFile('examples/emulator.test.ts', 'utf8');
    const shown = await blockUnder('docs/emulator.md', 'In a program', { language: 'ts' });

    expect(shown).toBe(example.slice(example.indexOf('import ')));
  });
});
