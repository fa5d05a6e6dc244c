// In processes of their own: the proxy option must reach a worker, and the connections to the proxy
// must not keep a process alive.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { type ForwardProxy, startForwardProxy } from '../helpers/forward-proxy.js';
import { runProgram } from '../helpers/run-program.js';
import { startTlsRelay, type TlsRelay } from '../helpers/tls-relay.js';

let folder: string;
let emulator: Emulator;
let relay: TlsRelay;
let proxy: ForwardProxy;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oss-append-stream-'));
  emulator = await startEmulator();
  relay = await startTlsRelay(emulator.endpoint);
  await relay.writeCertificate(join(folder, 'ca.pem'));
  proxy = await startForwardProxy('user:pass');
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await emulator.close();
  await rm(folder, { recursive: true });
});

/** Runs a program with `options` for a stream. */
function run(source: string, options: object, env: Record<string, string> = {}) {
  const { region, credentials } = emulator;
  const all = { region, credentials, bucket: 'examplebucket', key: 'a.log', ...options };
  const program = `const options = ${JSON.stringify(all)};\n${source}`;
  const none = { HTTP_PROXY: '', HTTPS_PROXY: '', NO_PROXY: '' };
  const certificate = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  return runProgram(program, { ...none, ...certificate, ...env });
}

async function content(): Promise<string> {
  return String(await emulator.read('examplebucket', 'a.log'));
}

const endpoints = [
  ['http', () => emulator.endpoint],
  ['https', () => relay.endpoint],
] as const;

describe.each(endpoints)('to an %s endpoint', (_scheme, endpointOf) => {
  test('connections that were not closed do not keep the process alive', async () => {
    const options = { endpoint: endpointOf(), proxy: `http://user:pass@${proxy.address}` };
    await run(
      `import { OssClient } from 'oss-append-stream';
      await new OssClient(options).appendObject('a.log', 0, Buffer.from('hello'));`,
      options,
    );

    expect(await content()).toBe('hello');
    expect(proxy.requests.length).toBeGreaterThan(0);
  });

  test.each([
    ['a URL', true],
    ["'environment'", false],
  ])("the proxy from %s is used by pino's worker and by winston", async (_what, isUrl) => {
    const proxyUrl = `http://user:pass@${proxy.address}`;
    const options = { endpoint: endpointOf(), proxy: isUrl ? proxyUrl : 'environment' };
    const env = isUrl ? {} : { HTTP_PROXY: proxyUrl };
    const winstonTransport = `
      import { AppendTransport } from 'oss-append-stream/winston';
      import { once } from 'node:events';
      const transport = new AppendTransport(options);
      transport.write({ message: 'winston', [Symbol.for('message')]: 'winston' });
      transport.end();
      await once(transport, 'close');`;
    const pinoTransport = `
      import { createRequire } from 'node:module';
      const pino = createRequire(${JSON.stringify(import.meta.url)})('pino');
      const target = import.meta.resolve('oss-append-stream/pino');
      const transport = pino.transport({ target, options });
      pino({ base: null, timestamp: false }, transport).info('pino');`;
    await run(winstonTransport, options, env);
    await run(pinoTransport, options, env);

    expect(await content()).toBe('winston\n{"level":30,"msg":"pino"}\n');
    const used = new Set(proxy.requests.map(({ credentials }) => credentials));
    expect([...used]).toEqual(['user:pass']);
  });
});
