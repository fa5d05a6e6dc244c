import { loadCrc64 } from '../../src/crc64.js';
import { ossAnswer } from './hostile-answers.js';
import type { HostileRequest, Treatment } from './hostile-server.js';

const crc64 = await loadCrc64();

/** The object that the server really stores, whatever it answers. */
export class StoredObject {
  content: Buffer | undefined;

  constructor(content?: Buffer) {
    this.content = content;
  }

  /** Executes a request, and returns the answer that OSS would give. */
  async serve({ method, target, head, body }: HostileRequest): Promise<Buffer> {
    switch (method) {
      case 'HEAD':
        return this.#head();
      case 'GET':
        return this.#get(head);
      default:
        return this.#append(Number(/position=(\d+)/.exec(target)?.[1]), await body);
    }
  }

  /** Headers with the length and checksum of the object. */
  get state(): string[] {
    const content = this.content ?? Buffer.alloc(0);
    return [
      `x-oss-next-append-position: ${content.length}`,
      `x-oss-hash-crc64ecma: ${crc64(content)}`,
    ];
  }

  #head(): Buffer {
    if (this.content === undefined) return ossAnswer('404 Not Found', ['content-length: 0']);
    return ossAnswer('200 OK', [
      ...this.state,
      'x-oss-object-type: Appendable',
      `content-length: ${this.content.length}`,
    ]);
  }

  #get(head: string): Buffer {
    const content = this.content ?? Buffer.alloc(0);
    const [first = 0, last = 0] = (/bytes=(\d+)-(\d+)/.exec(head) ?? []).slice(1).map(Number);
    const body = content.subarray(first, last + 1);
    const range = `bytes ${first}-${first + body.length - 1}/${content.length}`;
    return ossAnswer('206 Partial Content', [`content-range: ${range}`], body);
  }

  #append(position: number, body: Buffer): Buffer {
    const content = this.content ?? Buffer.alloc(0);
    if (position !== content.length) {
      const document = '<Error><Code>PositionNotEqualToLength</Code></Error>';
      return ossAnswer('409 Conflict', this.state.slice(0, 1), document);
    }
    this.content = Buffer.concat([content, body]);
    return ossAnswer('200 OK', this.state);
  }
}

/** Treats each request as OSS would. */
export function honest(object: StoredObject): Treatment {
  return async (request) => void request.socket.write(await object.serve(request));
}
