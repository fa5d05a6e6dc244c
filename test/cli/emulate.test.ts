import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../src/index.js';
import { runCommand, startCommand } from '../helpers/command-line.js';

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

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  const [exitCode] = await once(child, 'close');
  return exitCode;
}

describe('emulate', () => {
  test('says how to use it, and ends when it is told to', async () => {
    const child = startCommand(['emulate', '--bucket', 'logs', '--bucket', 'video']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface(child.stderr as NodeJS.ReadableStream);
    const said: string[] = [];
    for await (const line of lines) {
      said.push(line);
      if (said.length === 5) break;
    }

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
    const dir = await mkdtemp(join(tmpdir(), 'oss-append-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const first = await emulate('--dir', dir);
    await runCommand(['oss://examplebucket/kept'], { env: first.env, input: 'kept' });
    expect(await stop(first.child, 'SIGINT')).toBe(130);

    const second = await emulate('--dir', dir);

    const { stdout } = await runCommand(['cat', 'oss://examplebucket/kept'], { env: second.env });
    expect(stdout).toBe('kept');
  });

  test('pretends to be another region, with keys of its own', async () => {
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

  test('accepts whoever comes with --no-credentials', async () => {
    const { endpoint, region } = (await emulate('--no-credentials')).introduction;
    const credentials = { accessKeyId: 'anybody', accessKeySecret: 'any' };
    const client = new OssClient({ endpoint, region, credentials, bucket: 'examplebucket' });
    onTestFinished(() => client.close());

    expect(await client.headObject('none')).toBe(undefined);
  });

  test('fails as it is told to', async () => {
    const { env } = await emulate('--fault', 'kind=error-500,operation=append,nth=1,times=2');

    const { stdout } = await runCommand(['--json', 'oss://examplebucket/k'], { env, input: 'x' });

    expect(JSON.parse(stdout)).toMatchObject({ attempts: 3, retries: 2, position: 1 });
  });

  test('gives up with 3 where its port is taken', async () => {
    const { introduction } = await emulate();

    const { exitCode, stderr } = await runCommand([
      'emulate',
      '--port',
      new URL(introduction.endpoint).port,
    ]);

    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^oss-append: listen EADDRINUSE: [^\n]+\n$/);
  });

  test('gives up with 3 where another emulator keeps its objects', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'oss-append-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    await emulate('--dir', dir);

    const { exitCode, stderr } = await runCommand(['emulate', '--dir', dir]);

    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^oss-append: Cannot keep objects in .+: process \d+ does\. [^\n]+\n$/);
  });
});
