import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a scripted server saw of one request. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly socket: Socket;

  /** Filled by scripts that read the body. */
  body: Buffer;
}

export type Script = (
  seen: SeenRequest,
  response: ServerResponse,
  request: IncomingMessage,
) => void | Promise<void>;

/**
 * A server on loopback that handles each request with the next script, further ones with the last.
 */
export async function startScriptedServer(...scripts: Script[]) {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers, socket } = request;
    const seen = { method, url, headers, socket, body: Buffer.alloc(0) };
    const script = scripts[Math.min(requests.length, scripts.length - 1)];
    requests.push(seen);
    void script?.(seen, response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    requests,
    port,
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Reads the whole request, then answers as OSS would. */
export function answer(
  status: number,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Script {
  return async (seen, response, request) => {
    seen.body = await readBody(request);
    response.writeHead(status, {
      'x-oss-request-id': '5C3D9175B6FC201293AD4890',
      ...(seen.method === 'HEAD' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
    });
    response.end(body);
  };
}

/** Answers with an error document. */
export function refuse(
  status: number,
  code: string,
  { headers = {}, elements = '' }: { headers?: Record<string, string>; elements?: string } = {},
): Script {
  return answer(status, headers, errorDocument(code, elements));
}

export function errorDocument(code: string, elements = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Said by OSS.</Message>${elements}</Error>`;
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}
