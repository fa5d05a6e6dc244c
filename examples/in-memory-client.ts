// Your own store behind AppendWritable: any store works that appends only at the length it is
// given. This one keeps its objects in memory and returns no checksums.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AppendClient, AppendWritable } from 'oss-append-stream';

const objects = new Map<string, Buffer>();
const client: AppendClient = {
  async appendObject(key, position, body) {
    const object = objects.get(key) ?? Buffer.alloc(0);
    if (position !== object.byteLength) {
      const conflict = { outcome: 'conflict', actualLength: object.byteLength };
      throw Object.assign(new Error(`"${key}" is ${object.byteLength} bytes long`), conflict);
    }
    objects.set(key, Buffer.concat([object, body]));
    return { nextPosition: position + body.byteLength };
  },
  async headObject(key) {
    const object = objects.get(key);
    return object && { length: object.byteLength, appendable: true, sealed: false };
  },
  async getObject(key, { start, end } = {}) {
    return Readable.from([objects.get(key)?.subarray(start, end) ?? Buffer.alloc(0)]);
  },
  async sealAppendObject() {
    throw Object.assign(new Error('This store cannot seal'), { outcome: 'fatal' });
  },
  async close() {},
};

await pipeline(['one line\n', 'another line\n'], new AppendWritable({ client, key: 'a.log' }));
process.stdout.write(objects.get('a.log') ?? '');
