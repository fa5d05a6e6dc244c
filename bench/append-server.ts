// A store that keeps nothing but length and checksum, so that a benchmark measures its client. Runs
// as a process of its own: `startAppendServer()` forks this file.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createCRC64, type IHasher } from 'hash-wasm';

export interface AppendServer {
  readonly endpoint: string;
  readonly process: ChildProcess;
}

/** @param delay Milliseconds the server sleeps before it answers an append. */
export async function startAppendServer(delay: number): Promise<AppendServer> {
  const child = fork(fileURLToPath(import.meta.url), [String(delay)]);
  const [endpoint] = await once(child, 'message');
  return { endpoint, process: child };
}

const [, script, delayArgument] = process.argv;
if (script === fileURLToPath(import.meta.url)) await serve(Number(delayArgument));

interface StoredObject {
  readonly hasher: IHasher;
  length: number;
  crc64: bigint;
}

async function serve(delay: number): Promise<void> {
  const objects = new Map<string, StoredObject>();
  // The hasher of the next object is made ahead, because making one is asynchronous.
  let spare = await createCRC64();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'HEAD') return answer(response, objects.get(pathname));
    let object = objects.get(pathname);
    if (object === undefined) {
      object = { hasher: spare.init(), length: 0, crc64: 0n };
      objects.set(pathname, object);
      void createCRC64().then((hasher) => {
        spare = hasher;
      });
    }
    const { hasher } = object;
    request.on('data', (piece: Buffer) => {
      hasher.update(piece);
      object.length += piece.byteLength;
    });
    request.on('end', () => {
      const state = hasher.save();
      object.crc64 = BigInt(`0x${hasher.digest('hex')}`);
      hasher.load(state);
      if (delay === 0) answer(response, object);
      else setTimeout(answer, delay, response, object);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  process.once('disconnect', () => process.exit());
}

function answer(response: ServerResponse, object: StoredObject | undefined): void {
  response.setHeader('x-oss-request-id', '5C3D9175B6FC201293AD4890');
  if (object === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader('x-oss-object-type', 'Appendable');
  response.setHeader('x-oss-next-append-position', object.length);
  response.setHeader('x-oss-hash-crc64ecma', String(object.crc64));
  response.writeHead(200, { 'content-length': 0 }).end();
}
