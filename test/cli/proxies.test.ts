import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { environmentOf, runCommand } from '../helpers/command-line.js';
import { type ForwardProxy, startForwardProxy } from '../helpers/forward-proxy.js';
import { startTlsRelay, type TlsRelay } from '../helpers/tls-relay.js';

const url = 'oss://examplebucket/a.log';
const credentials = 'user:do not@show me';

let folder: string;
let emulator: Emulator;
let relay: TlsRelay;
let proxy: ForwardProxy;
let proxyUrl: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  emulator = await startEmulator();
  relay = await startTlsRelay(emulator.endpoint);
  await relay.writeCertificate(join(folder, 'ca.pem'));
  proxy = await startForwardProxy(credentials);
  proxyUrl = `http://user:do%20not%40show%20me@${proxy.address}`;
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await emulator.close();
  await rm(folder, { recursive: true });
});

function run(args: readonly string[], env: Record<string, string>) {
  const secure = { OSS_ENDPOINT: relay.endpoint, NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  return runCommand(args, {
    env: { ...environmentOf(emulator), ...secure, ...env },
    cwd: folder,
    input: 'hello',
  });
}

describe('the command line behind a proxy', () => {
  test('connects through it with every command that connects to OSS', async () => {
    const env = { HTTPS_PROXY: proxyUrl };
    const header = { bucket: 'examplebucket', key: 'a.log', position: 5, byteLength: 1 };
    const saved = `${JSON.stringify({ ...header, confirmed: true, doubtful: 0 })}\n!`;
    await writeFile(join(folder, 'saved'), saved);

    expect(await run([url], env)).toMatchObject({ exitCode: 0 });
    expect(await run(['replay', 'saved'], env)).toMatchObject({ exitCode: 0 });
    expect(await run(['stat', url], env)).toMatchObject({ exitCode: 0 });
    expect(await run(['cat', url], env)).toMatchObject({ exitCode: 0, stdout: 'hello!' });
    expect(await run(['seal', url], env)).toMatchObject({ exitCode: 0 });

    const { host } = new URL(relay.endpoint);
    const tunnel = { method: 'CONNECT', target: host, credentials };
    expect(proxy.requests).toEqual([tunnel, tunnel, tunnel, tunnel, tunnel]);
    expect(relay.count).toBe(5);
  });

  test('appends through it to an endpoint without TLS', async () => {
    const env = { OSS_ENDPOINT: emulator.endpoint, http_proxy: proxyUrl };

    expect(await run([url], env)).toMatchObject({ exitCode: 0 });
    expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('hello');
    expect(proxy.requests.at(-1)).toMatchObject({ method: 'POST', credentials });
    expect(proxy.requests).toHaveLength(emulator.requests.length);
  });

  test('bypasses it for hosts in NO_PROXY', async () => {
    const env = { HTTPS_PROXY: proxyUrl, NO_PROXY: '127.0.0.1' };

    expect(await run([url], env)).toMatchObject({ exitCode: 0 });
    expect(proxy.requests).toEqual([]);
  });

  test('bypasses it with --emulator', async () => {
    const env = { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl, OSS_ENDPOINT: '' };

    expect(await run(['--emulator', url], env)).toMatchObject({ exitCode: 0 });
    expect(proxy.requests).toEqual([]);
  });

  test('names a proxy that refuses, but not its password', async () => {
    proxy.refusal = 407;
    const args = ['--retries', '1', '--min-timeout', '1ms', url];
    const { exitCode, stderr } = await run(args, { HTTPS_PROXY: proxyUrl });

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`through the proxy at ${proxy.address} failed: it answered 407`);
    expect(stderr).not.toMatch(/show/);
    expect(proxy.requests).toHaveLength(2);
  });

  test('exits with 3 if the variable does not hold the URL of a proxy', async () => {
    const { exitCode, stderr } = await run([url], { https_proxy: 'socks5://user:hunter2@proxy' });

    expect(exitCode).toBe(3);
    expect(stderr).toContain("'https_proxy' must be an http: or https: URL");
    expect(stderr).not.toContain('hunter2');
  });
});
