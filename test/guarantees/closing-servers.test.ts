import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { finished } from 'node:stream/promises';
import { Agent, type Dispatcher } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/index.js';
import { openStream } from '../helpers/open-stream.js';

/**
 * Forwards requests and closes each connection after its answer, without `Connection: close`.
 *
 * @see https://github.com/nodejs/undici/issues/1415
 */
async function closeBehindAnswers(emulator: Emulator): Promise<string> {
  const server = createServer((socket) => {
    const upstream = connect(Number(new URL(emulator.endpoint).port), '127.0.0.1');
    for (const each of [socket, upstream]) each.on('error', () => {});
    socket.on('data', (bytes) => upstream.write(bytes));
    upstream.once('data', (answer) => {
      const text = answer.toString('latin1').replace(/(?:Connection|Keep-Alive): [^\r]*\r\n/gi, '');
      socket.end(Buffer.from(text, 'latin1'));
      upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each<{ kind: string; create: () => Dispatcher | undefined }>([
  { kind: 'connections of its own', create: () => undefined },
  { kind: 'an Agent', create: () => new Agent() },
  { kind: 'an Agent with one connection', create: () => new Agent({ connections: 1 }) },
])(
  'a stream over $kind writes to a server that closes the connection after each answer',
  async ({ create }) => {
    await using emulator = await startEmulator();
    const endpoint = await closeBehindAnswers(emulator);
    const dispatcher = create();
    onTestFinished(() => dispatcher?.destroy());
    const stream = openStream(emulator, 'a.log', {
      endpoint,
      dispatcher,
      chunkSize: 4,
      retry: { retries: 1, minTimeout: 0, maxTimeout: 0 },
    });
    stream.removeAllListeners('retry');

    for (const chunk of ['aaaa', 'bbbb', 'cccc', 'dddd']) stream.write(chunk);
    stream.end();
    await finished(stream);

    expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('aaaabbbbccccdddd');
    expect(stream.stats.retries).toBeLessThanOrEqual(4);
  },
);
