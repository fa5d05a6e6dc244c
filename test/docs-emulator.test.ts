import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { faultKinds, operationNames } from '../src/emulator/index.js';
import { OssClient } from '../src/index.js';
import { startCommand } from './helpers/command-line.js';
import { blocksByHeading, readDocument, writePrograms } from './helpers/document-blocks.js';
import { resultOf } from './helpers/process-result.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = 'docs/emulator.md';
const programs = (await blocksByHeading(page)).get('In a test runner') ?? [];

/** The environment of a shell, not that of a test runner. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !/VITEST|TEST|NODE_|OSS_/.test(name)));
}

function run(args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, args, { cwd, env: plainEnvironment() });
  onTestFinished(() => void child.kill('SIGKILL'));
  return resultOf(child);
}

describe('the tests that docs/emulator.md shows for test runners pass', () => {
  test('node --test', async () => {
    const folder = await writePrograms({ 'audit.test.mjs': programs[0] ?? '' });

    const { exitCode, stdout } = await run(
      ['--test', '--test-reporter=tap', 'audit.test.mjs'],
      folder,
    );

    expect(stdout).toContain('\n# pass 1\n');
    expect(exitCode).toBe(0);
  });

  test('vitest', async () => {
    const folder = await writePrograms({
      'audit.test.mjs': programs[1] ?? '',
      // Or the one of this package is found.
      'vitest.config.mjs': 'export default {};',
    });
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');

    const { exitCode, stdout } = await run(
      [vitest, 'run', '--root', folder, '--reporter=json'],
      folder,
    );

    expect(JSON.parse(stdout)).toMatchObject({ success: true, numPassedTests: 1 });
    expect(exitCode).toBe(0);
  });

  test('globalSetup and globalTeardown of Jest', async () => {
    const folder = await writePrograms({
      'jest-setup.mjs': programs[2] ?? '',
      'jest-teardown.mjs': programs[3] ?? '',
      'jest.mjs': `
        import { OssClient } from 'oss-append-stream';
        import setup from './jest-setup.mjs';
        import teardown from './jest-teardown.mjs';
        await setup();
        const client = new OssClient({ bucket: 'audit' });
        console.log(await client.headObject('none'));
        await client.close();
        await teardown();`,
    });

    expect(await run(['jest.mjs'], folder)).toEqual({
      exitCode: 0,
      stdout: 'undefined\n',
      stderr: '',
    });
  });
});

test('every program in the section on test runners is run', () => {
  expect(programs).toHaveLength(4);
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await once(server.close(), 'close');
  return port;
}

async function askFor(bucket: string, port: number): Promise<void> {
  const client = new OssClient({
    bucket,
    endpoint: `http://127.0.0.1:${port}`,
    region: 'cn-hangzhou',
    credentials: { accessKeyId: 'emulator', accessKeySecret: 'emulator' },
  });
  onTestFinished(() => client.close());
  expect(await client.headObject('none')).toBe(undefined);
}

describe('the commands of docs/emulator.md for containers and CI', () => {
  const heading = 'In a container and in CI';

  test('starts an emulator in a container', async () => {
    const [dockerfile = ''] = (await blocksByHeading(page, 'dockerfile')).get(heading) ?? [];
    const [shell = ''] = (await blocksByHeading(page, 'sh')).get(heading) ?? [];
    const [, entry = ''] = /^ENTRYPOINT (.+)$/m.exec(dockerfile) ?? [];
    const [, more = ''] = /^docker run .* oss-emulator (.+)$/m.exec(shell) ?? [];
    const [command, ...args] = JSON.parse(entry);
    const port = await findFreePort();
    const atPort = args.map((arg: string) => (arg === '9000' ? String(port) : arg));

    const child = startCommand([...atPort, ...more.split(' ')]);
    onTestFinished(() => void child.kill('SIGKILL'));

    await once(child.stderr as NodeJS.ReadableStream, 'data');
    expect(command).toBe('oss-append');
    await askFor('logs', port);
  });

  test.skipIf(spawnSync('curl', ['--version']).status !== 0)(
    'starts an emulator in a job, and goes on when it answers',
    async () => {
      const [yaml = ''] = (await blocksByHeading(page, 'yaml')).get(heading) ?? [];
      const [, step = ''] = /^- run: \|\n((?: {4}.*\n)+)/.exec(yaml) ?? [];
      const port = await findFreePort();
      const folder = await writePrograms({ 'step.sh': step.replaceAll('9000', String(port)) });
      // As `npm install` does.
      await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
      const bin = `#!/bin/sh\nexec node ${join(root, 'dist/cli/main.js')} "$@"\n`;
      await writeFile(join(folder, 'node_modules/.bin/oss-append'), bin, { mode: 0o755 });
      // The shell ends as a step does, and what it started in the background goes on.
      const job = spawn('sh', ['-e', 'step.sh'], {
        cwd: folder,
        detached: true,
        env: plainEnvironment(),
        stdio: 'ignore',
      });
      onTestFinished(() => void process.kill(-(job.pid ?? 0), 'SIGKILL'));

      const [exitCode] = await once(job, 'exit');

      expect(exitCode).toBe(0);
      await askFor('logs', port);
    },
  );
});

test('the section on faults names every kind and every operation', async () => {
  const [, section = ''] = (await readDocument('docs/emulator.md')).split('\n## Faults\n');

  for (const name of [...faultKinds, ...operationNames]) {
    expect.soft(section).toContain(`\`${name}\``);
  }
});
