import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AppendReport } from '../../src/cli/output/append-facts.js';
import { describeRest, describeUnread } from '../../src/cli/output/rest-report.js';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { environmentOf, resultOf, runCommand, startCommand } from '../helpers/command-line.js';

async function start(): Promise<{ emulator: Emulator; env: Record<string, string>; cwd: string }> {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const cwd = await mkdtemp(join(tmpdir(), 'oss-append-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  return { emulator, env: environmentOf(emulator), cwd };
}

const url = 'oss://examplebucket/k';

describe('the report of uncommitted bytes', () => {
  test('names each of several files with its range', async () => {
    const { emulator, env, cwd } = await start();
    // Leave time to read all files.
    emulator.faults.add({ kind: 'delay', operation: 'append', nth: 1, delay: 500 });
    emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 });
    await writeFile(join(cwd, 'a.log'), 'aaaaa');
    await writeFile(join(cwd, 'b.log'), 'bbbbb');
    await writeFile(join(cwd, 'c.log'), 'ccccc');
    const args = ['--chunk-size', '3', '--high-water-mark', '100', '--json', url];

    const { exitCode, stdout, stderr } = await runCommand([...args, 'a.log', 'b.log', 'c.log'], {
      env,
      cwd,
    });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /Not committed: 12 bytes; a\.log has 2 of them, from byte 3 on; b\.log has 5 of them, from byte 0 on; c\.log has 5 of them, from byte 0 on\.\n$/,
    );
    const { uncommitted, unread } = JSON.parse(stdout);
    expect(uncommitted).toMatchObject({ position: 3, byteLength: 12 });
    expect(uncommitted.resumeAt).toEqual([
      { name: 'a.log', start: 3, end: 5 },
      { name: 'b.log', start: 0, end: 5 },
      { name: 'c.log', start: 0, end: 5 },
    ]);
    expect(uncommitted).not.toHaveProperty('file');
    expect(unread).toBe(undefined);
    expect(await readdir(cwd)).toHaveLength(3);
  });

  test('lists the sources that were not read', async () => {
    const { emulator, env, cwd } = await start();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    await writeFile(join(cwd, 'a.log'), Buffer.alloc(3 * 2 ** 20));
    await writeFile(join(cwd, 'b.log'), 'bbbbb');
    const args = ['--high-water-mark', '128KiB', '--json', url, 'a.log', 'b.log'];

    const { stdout, stderr } = await runCommand(args, { env, cwd });

    const { uncommitted, unread } = JSON.parse(stdout);
    const read = uncommitted.byteLength;
    expect(uncommitted.resumeAt).toEqual([{ name: 'a.log', start: 0, end: read }]);
    expect(unread).toEqual([
      { name: 'a.log', start: read },
      { name: 'b.log', start: 0 },
    ]);
    expect(stderr).toContain(`oss-append: Not read: a.log from byte ${read} on, b.log.\n`);
  });

  test('names the file if only committed bytes came from standard input', async () => {
    const { emulator, env, cwd } = await start();
    emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 2 });
    await writeFile(join(cwd, 'b.log'), 'not this');
    const args = ['--chunk-size', '9', url, '-', 'b.log'];

    const { stderr } = await runCommand(args, { env, cwd, input: 'committed' });

    expect(stderr).toContain('Not committed: 8 bytes; b.log has them, from byte 0 on.\n');
    expect(await readdir(cwd)).toEqual(['b.log']);
  });

  test('names a saved file with all bytes if a part cannot be read again', async () => {
    const { emulator, env, cwd } = await start();
    emulator.faults.add({ kind: 'forbid', operation: 'append' });
    await writeFile(join(cwd, 'b.log'), ' and a file');
    const args = ['--fallback', 'rest', '--json', url, '-', 'b.log'];

    const { stdout, stderr } = await runCommand(args, { env, cwd, input: 'a pipe' });

    expect(stderr).toContain(`Not committed: 17 bytes; saved to ${join(cwd, 'rest')}, `);
    expect(JSON.parse(stdout).uncommitted).not.toHaveProperty('resumeAt');
    expect(String(await readFile(join(cwd, 'rest')))).toMatch(/\}\na pipe and a file$/);
  });

  test.each<[string, boolean, (path: string) => Promise<void>]>([
    ['is unchanged', true, async () => {}],
    ['has grown', true, (path) => appendFile(path, 'and more\n')],
    ['was removed', false, (path) => rm(path)],
    [
      'was rotated',
      false,
      (path) => rename(path, `${path}.1`).then(() => writeFile(path, 'new line\n')),
    ],
    [
      'was replaced by a copy',
      false,
      async (path) => {
        await writeFile(`${path}.1`, await readFile(path));
        await rename(`${path}.1`, path);
      },
    ],
    ['was truncated', false, (path) => truncate(path, 4)],
    [
      'was truncated and written again',
      false,
      async (path) => {
        await truncate(path, 0);
        await writeFile(path, 'new line, new line\n', { flag: 'r+' });
      },
    ],
  ])('names the source file or a saved file: the file %s', async (_, isStillThere, change) => {
    const { emulator, env, cwd } = await start();
    emulator.faults.add({ kind: 'stall', operation: 'append' });
    const path = join(cwd, 'a.log');
    await writeFile(path, 'old line\n');
    const args = ['--shutdown-timeout', '300ms', '--fallback', 'rest', '--json', url, 'a.log'];
    const child = startCommand(args, { env, cwd });
    const result = resultOf(child);
    await expect
      .poll(() => emulator.requests.map(({ operation }) => operation))
      .toContain('append');
    await change(path);

    child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await result;

    expect(exitCode).toBe(99);
    const { uncommitted } = JSON.parse(stdout);
    if (isStillThere) {
      expect(uncommitted.resumeAt).toEqual([{ name: 'a.log', start: 0, end: 9 }]);
      expect(stderr).toContain('; a.log has them, from byte 0 on.\n');
      expect(await readdir(cwd)).not.toContain('rest');
    } else {
      expect(uncommitted).not.toHaveProperty('resumeAt');
      expect(stderr).toContain(`; saved to ${join(cwd, 'rest')}, `);
      expect(String(await readFile(join(cwd, 'rest')))).toMatch(/^\{.+\}\nold line\n$/);
    }
  });
});

const uncommitted = {
  key: 'k',
  position: 0,
  bytes: Buffer.alloc(10),
  confirmed: true,
  doubtful: 0,
};

/** The part of a report that says where uncommitted bytes are. */
function report(saved: Error | undefined, ranges: [string, number, number][]): AppendReport {
  const rereadable = ranges.map(([name, start, end]) => ({ name, start, end, file: undefined }));
  const part: Pick<AppendReport, 'saved' | 'rereadable' | 'flagsToRepeat'> = {
    saved,
    rereadable,
    flagsToRepeat: [],
  };
  return part as AppendReport;
}

describe('describeRest()', () => {
  test('names the files that still have bytes when saving failed', () => {
    const failure = report(new Error('No space left'), [['b.log', 2, 6]]);

    expect(describeRest(failure, new Error(), uncommitted)).toBe(
      'Not committed: 10 bytes; b.log has 4 of them, from byte 2 on; all others are lost. No space left.',
    );
  });

  test('summarizes a long list of files so that each can still be identified', () => {
    const names = Array.from({ length: 30 }, (_, index) => `f${index}`);
    const many = report(
      undefined,
      names.map((name) => [name, 0, 1]),
    );

    const text = describeRest(many, new Error(), uncommitted);

    expect(text.match(/has 1 of them/g)).toHaveLength(9);
    expect(text).toMatch(
      /f7 has 1 of them, from byte 0 on; the 21 files named after it are among them in full; f29 has 1 of them, from byte 0 on\.$/,
    );
  });
});

describe('describeUnread()', () => {
  test('names standard input', () => {
    expect(describeUnread([{ name: '-', start: 0 }])).toBe('Not read: standard input.');
  });

  test('shortens a long list', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ name: `f${index}`, start: 0 }));

    expect(describeUnread(many)).toBe('Not read: f0, f1, f2, f3, f4, f5, f6, f7, 21 more, f29.');
  });
});
