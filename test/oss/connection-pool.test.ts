import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transpileModule } from 'typescript';
import { Pool } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { shareConnections } from '../../src/oss/connection-pool.js';
import { OssClient } from '../../src/oss/oss-client.js';
import { answer, startScriptedServer } from './scripted-server.js';

const found = answer(200, { 'content-length': '0' });

async function start() {
  const server = await startScriptedServer(found);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function createClient(endpoint: string, dispatcher?: Pool): OssClient {
  return new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'sk' },
    dispatcher,
  });
}

describe('clients of one origin', () => {
  test('share connections until the last one closes', async () => {
    const server = await start();
    const first = createClient(server.endpoint);
    const second = createClient(server.endpoint);
    await first.headObject('a.log');
    await second.headObject('a.log');
    await first.close();
    await first.close();
    await second.headObject('a.log');

    const sockets = new Set(server.requests.map(({ socket }) => socket));
    expect(server.requests).toHaveLength(3);
    expect(sockets.size).toBe(1);
    const [socket] = sockets;
    expect(socket?.destroyed).toBe(false);
    await Promise.all([socket && once(socket, 'close'), second.close()]);
  });

  test('do not share connections with those of another', async () => {
    const one = shareConnections('http://127.0.0.1:1');
    const other = shareConnections('http://127.0.0.1:2');
    expect(one.dispatcher).not.toBe(other.dispatcher);
    await Promise.all([one.release(), other.release()]);
  });

  test('begin anew after the last one closed', async () => {
    const server = await start();
    for (let round = 0; round < 2; round++) {
      const client = createClient(server.endpoint);
      await client.headObject('a.log');
      await client.close();
    }
    expect(server.requests[0]?.socket).not.toBe(server.requests[1]?.socket);
  });
});

test('close() leaves a dispatcher open that was passed in', async () => {
  const server = await start();
  const dispatcher = new Pool(server.endpoint);
  onTestFinished(() => dispatcher.close());
  const client = createClient(server.endpoint, dispatcher);
  await client.headObject('a.log');
  await client.close();
  expect(dispatcher.closed).toBe(false);
});

test('an idle client does not keep its process alive', async () => {
  const server = await start();
  const folder = await transpileClient();
  const program = join(folder, 'program.js');
  await writeFile(
    program,
    `import { OssClient } from './oss/oss-client.js';
    const client = new OssClient({
      bucket: 'logs', region: 'cn-hangzhou', endpoint: '${server.endpoint}',
      credentials: { accessKeyId: 'ak', accessKeySecret: 'sk' },
    });
    const { length } = await client.headObject('a.log');
    console.log(length);`,
  );
  // Well below the 20 seconds for which connections are kept.
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 10_000 });
  expect(stdout).toBe('0\n');
});

/** A folder with the client as JavaScript, which Node can run without vitest. */
async function transpileClient(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oss-client-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await mkdir(join(folder, 'oss'));
  const files = (await readdir(join(root, 'src/oss'))).map((file) => `oss/${file}`);
  for (const file of ['errors.ts', ...files]) {
    const source = await readFile(join(root, 'src', file), 'utf8');
    const { outputText } = transpileModule(source, {
      compilerOptions: { target: 9, module: 99, verbatimModuleSyntax: true },
    });
    await writeFile(join(folder, file.replace(/\.ts$/, '.js')), outputText);
  }
  return folder;
}
