// A TLS server in a thread of its own, so that it answers while the client's thread is blocked. It
// counts its answers in shared memory.
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parentPort, workerData } from 'node:worker_threads';
import { makeIdentity } from '../helpers/identity.js';

/** `workerData` of the thread. */
export interface SecureServerData {
  readonly answers: Int32Array;

  /** Body of every answer to a GET. */
  readonly content: string;
}

/** First message of the thread. */
export interface SecureServerAddress {
  readonly endpoint: string;
  readonly certificate: string;
}

const { answers, content } = workerData as SecureServerData;
const { key, cert: certificate } = await makeIdentity();
let connections = 0;
const server = createServer({ key, cert: certificate }, async (request, response) => {
  const { byteLength } = Buffer.from(await text(request));
  response.writeHead(200, {
    'x-oss-request-id': '5C3D9175B6FC201293AD4890',
    'x-oss-object-type': 'Appendable',
    'x-oss-next-append-position': String(byteLength),
  });
  response.end(request.method === 'GET' ? content : '', () => {
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
  });
});
server.on('secureConnection', () => connections++);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const address: SecureServerAddress = { endpoint: `https://127.0.0.1:${port}`, certificate };
parentPort?.on('message', () => parentPort?.postMessage(connections));
parentPort?.postMessage(address);
