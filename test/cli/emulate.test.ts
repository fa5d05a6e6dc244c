import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../src/index.js';
import { runCommand, startCommand } from '../helpers/command-line.js';
import { createFolder } from '../helpers/folder.js';
import { withoutPackage } from '../helpers/without-package.js';

interface Introduction {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

async function emulate(
  ...args: string[]
): Promise<{ child: ChildProcess; introduction: Introduction; env: Record<string, string> }> {
  const child = startCommand(['emulate', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line');
  const introduction: Introduction = JSON.parse(line);
  const { endpoint, region, accessKeyId, accessKeySecret } = introduction;
  const keys = { OSS_ACCESS_KEY_ID: accessKeyId, OSS_ACCESS_KEY_SECRET: accessKeySecret };
  return { child, introduction, env: { OSS_ENDPOINT: endpoint, OSS_REGION: region, ...keys } };
}

/** Starts an emulator without --json and reads its introduction. */
async function readIntroduction(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ child: ChildProcess; said: string[] }> {
  const child = startCommand(['emulate', ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said: string[] = [];
  for await (const line of createInterface(child.stderr as NodeJS.ReadableStream)) {
    said.push(line);
    if (line.includes('OSS_ACCESS_KEY_ID')) break;
  }
  return { child, said };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  const [exitCode] = await once(child, 'close');
  return exitCode;
}

describe('emulate', () => {
  test('prints how to use it, and stops with SIGTERM', async () => {
    const { child, said } = await readIntroduction(['--bucket', 'logs', '--bucket', 'video']);

    expect(said).toEqual([
      expect.stringMatching(
        /^OSS emulator at http:\/\/127\.0\.0\.1:\d+, region cn-hangzhou, buckets: logs, video\.$/,
      ),
      'Objects are kept in memory and gone when it stops.',
      'To use it:',
      expect.stringMatching(
        /^ {2}export OSS_ENDPOINT=http:\/\/127\.0\.0\.1:\d+ OSS_REGION=cn-hangzhou$/,
      ),
      '  export OSS_ACCESS_KEY_ID=emulator OSS_ACCESS_KEY_SECRET=emulator',
    ]);
    expect(await stop(child, 'SIGTERM')).toBe(143);
  });

  test('keeps objects in a folder from one run to the next', async () => {
    const dir = await createFolder();
    const first = await emulate('--dir', dir);
    await runCommand(['oss://examplebucket/kept'], { env: first.env, input: 'kept' });
    expect(await stop(first.child, 'SIGINT')).toBe(130);

    const second = await emulate('--dir', dir);

    const { stdout } = await runCommand(['cat', 'oss://examplebucket/kept'], { env: second.env });
    expect(stdout).toBe('kept');
  });

  test('lists all buckets of the folder, not only those given by --bucket', async () => {
    const dir = await createFolder();
    const first = await readIntroduction(['--dir', dir, '--bucket', 'logs']);
    await stop(first.child, 'SIGTERM');

    const { said } = await readIntroduction(['--dir', dir, '--bucket', 'audit']);

    expect(said[0]).toMatch(/, buckets: audit, logs\.$/);
    expect(said[1]).toBe(`Objects are kept in ${dir}.`);
  });

  test('emulates the given region and accepts the given keys only', async () => {
    const keys = ['--access-key-id', 'me', '--access-key-secret', 'mine'];

    const { introduction, env } = await emulate('--region', 'eu-central-1', ...keys);

    expect(introduction).toMatchObject({
      region: 'eu-central-1',
      accessKeyId: 'me',
      accessKeySecret: 'mine',
    });
    const args = ['oss://examplebucket/k'];
    expect(await runCommand(args, { env })).toMatchObject({ exitCode: 0 });
    expect(
      await runCommand(args, { env: { ...env, OSS_ACCESS_KEY_SECRET: 'other' } }),
    ).toMatchObject({ exitCode: 3 });
  });

  test('accepts any keys with --no-credentials', async () => {
    const { endpoint, region } = (await emulate('--no-credentials')).introduction;
    const credentials = { accessKeyId: 'anybody', accessKeySecret: 'any' };
    const client = new OssClient({ endpoint, region, credentials, bucket: 'examplebucket' });
    onTestFinished(() => client.close());

    expect(await client.headObject('none')).toBe(undefined);
  });

  test('injects the faults given by --fault', async () => {
    const { env } = await emulate('--fault', 'kind=error-500,operation=append,nth=1,times=2');

    const { stdout } = await runCommand(['--json', 'oss://examplebucket/k'], { env, input: 'x' });

    expect(JSON.parse(stdout)).toMatchObject({ attempts: 3, retries: 2, position: 1 });
  });

  test('exits with 3 if its port is in use', async () => {
    const { introduction } = await emulate();

    const { exitCode, stderr } = await runCommand([
      'emulate',
      '--port',
      new URL(introduction.endpoint).port,
    ]);

    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^oss-append: listen EADDRINUSE: [^\n]+\n$/);
  });

  test('exits with 3 if another emulator uses the folder', async () => {
    const dir = await createFolder();
    await emulate('--dir', dir);

    const { exitCode, stderr } = await runCommand(['emulate', '--dir', dir]);

    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /^oss-append: Cannot keep objects in .+: process \d+ uses it\. [^\n]+\n$/,
    );
  });
});

describe('emulate without memfs', () => {
  /** An environment with a temporary folder of its own and without memfs. */
  async function createEnvironment() {
    const TMPDIR = await createFolder();
    return { TMPDIR, NODE_OPTIONS: `--import ${withoutPackage('memfs')}` };
  }

  test('prints the temporary folder of the objects and removes it at the end', async () => {
    const env = await createEnvironment();

    const { child, said } = await readIntroduction([], env);

    const [name = 'none'] = await readdir(env.TMPDIR);
    const folder = join(env.TMPDIR, name);
    expect(said[1]).toBe(
      `Objects are kept in ${folder} (the package memfs is not installed) and gone when it stops.`,
    );
    await access(join(folder, 'examplebucket'));
    await stop(child, 'SIGTERM');
    expect(await readdir(env.TMPDIR)).toEqual([]);
  });

  test('removes the folder of a killed emulator, but not of a running one', async () => {
    const env = await createEnvironment();
    const folderOf = ({ said }: { said: string[] }) =>
      /kept in (\S+)/.exec(said[1] ?? '')?.[1] ?? '';
    const running = await readIntroduction([], env);
    const killed = await readIntroduction([], env);
    await stop(killed.child, 'SIGKILL');
    await access(folderOf(killed));

    const next = await readIntroduction([], env);

    const left = (await readdir(env.TMPDIR)).map((name) => join(env.TMPDIR, name));
    expect(left.sort()).toEqual([folderOf(running), folderOf(next)].sort());
  });

  test('keeps the folder of an emulator suspended by SIGSTOP', async () => {
    const env = await createEnvironment();
    const stopped = await readIntroduction([], env);
    stopped.child.kill('SIGSTOP');

    const next = await readIntroduction([], env);

    expect(await readdir(env.TMPDIR)).toHaveLength(2);
    stopped.child.kill('SIGCONT');
    await Promise.all([stop(stopped.child, 'SIGTERM'), stop(next.child, 'SIGTERM')]);
    expect(await readdir(env.TMPDIR)).toEqual([]);
  });

  test.skipIf(spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0)(
    'keeps the folder of an emulator in another container',
    async () => {
      const env = await createEnvironment();
      // It has process ids of its own, and shares the temporary folder.
      const inside = startCommand(['emulate', '--json'], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
        wrapper: ['unshare', '--pid', '--fork', '--kill-child'],
      });
      onTestFinished(() => void inside.kill('SIGKILL'));
      await once(createInterface(inside.stdout as NodeJS.ReadableStream), 'line');

      await readIntroduction([], env);

      expect(await readdir(env.TMPDIR)).toHaveLength(2);
      await stop(inside, 'SIGKILL');
      await expect.poll(() => startAndCount(env)).toBe(2);
    },
  );

  /** Counts the folders after another emulator has started. */
  async function startAndCount(env: { TMPDIR: string; NODE_OPTIONS: string }): Promise<number> {
    const { child } = await readIntroduction([], env);
    const { length } = await readdir(env.TMPDIR);
    await stop(child, 'SIGTERM');
    return length;
  }
});
