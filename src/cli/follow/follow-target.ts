import { buffer } from 'node:stream/consumers';
import type { RequestOptions } from '../../append/append-client.js';
import { judge } from '../../append/retry-policy.js';
import { loadCrc64 } from '../../crc64.js';
import type { OssClient } from '../../oss/oss-client.js';
import { ObjectReader } from '../../read/object-reader.js';
import { retrying } from '../../read/retry-request.js';
import type { AppendWritable } from '../../stream/append-writable.js';
import type { FollowTarget } from './resume-point.js';

/** The object that a file is appended to. */
export interface OpenObject {
  /** Must be ready, and must not have been written to. */
  readonly stream: AppendWritable;
  readonly client: OssClient;
  readonly request: Pick<RequestOptions, 'requestPayer' | 'trafficLimit'>;
}

/** Describes the object as it was opened. It is read only if that is necessary. */
export function describeTarget({ stream, client, request }: OpenObject): FollowTarget {
  const { key, position = 0, crc64 } = stream;
  return {
    position,
    checksum: async () => {
      if (crc64 !== undefined) return crc64;
      const reader = new ObjectReader(client, await loadCrc64());
      for await (const _ of reader.read(key, { start: 0, end: position }, request));
      return reader.crc64;
    },
    head: async (end) => {
      const options = { ...request, start: 0, end };
      try {
        return await retrying(async () => buffer(await client.getObject(key, options)));
      } catch (error) {
        if (judge(error).outcome === 'forbidden') return undefined;
        throw error;
      }
    },
  };
}
