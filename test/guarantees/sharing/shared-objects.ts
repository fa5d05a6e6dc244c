import { buffer } from 'node:stream/consumers';
import { OssClient } from 'oss-append-stream';
import type { Stage } from '../fault-matrix/stage.js';
import { keyIn } from '../rollover/rolling-case.js';
import type { SharedObject } from './sharing-judge.js';

/** Most bytes that are read of each end of an object: one that was filled has a hole in between. */
const most = 8 * 2 ** 20;

/** The objects of a folder, by their sequence. */
export async function sharedObjects(stage: Stage, folder: string): Promise<SharedObject[]> {
  const client = new OssClient(stage.directConnection);
  try {
    const objects: SharedObject[] = [];
    for (let sequence = 0; ; sequence++) {
      const key = keyIn(folder, sequence);
      const state = await client.headObject(key);
      if (state === undefined) return objects;
      const { length, sealed } = state;
      const ends =
        length <= 2 * most
          ? [[0, length]]
          : [
              [0, most],
              [length - most, length],
            ];
      const parts: Buffer[] = [];
      for (const [start = 0, end = 0] of ends) {
        if (start < end) parts.push(await buffer(await client.getObject(key, { start, end })));
      }
      objects.push({ key, bytes: Buffer.concat(parts), sealed });
    }
  } finally {
    await client.close();
  }
}
