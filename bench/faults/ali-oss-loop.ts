import OSS from 'ali-oss';
import type { Job } from '../../test/guarantees/fault-matrix/job.js';
import { type Claim, type Claims, chunksOf } from './claims.js';

/** The official SDK with its retries on: append, take the next position, append; an error ends it. */
export async function appendWithAliOss(job: Job): Promise<Claims> {
  const client = connect(job);
  let position = 0;
  return appendEach(job, async (chunk) => {
    position = await append(client, job.key, position, chunk);
  });
}

/**
 * The same with the usual fix for `PositionNotEqualToLength`: get the length of the object, and
 * append there.
 */
export async function appendWithAliOssAtLength(job: Job): Promise<Claims> {
  const client = connect(job);
  let position = 0;
  return appendEach(job, async (chunk) => {
    try {
      position = await append(client, job.key, position, chunk);
    } catch (error) {
      if (Reflect.get(Object(error), 'code') !== 'PositionNotEqualToLength') throw error;
      const { res } = await client.head(job.key);
      const { headers } = res as { headers: Record<string, string> };
      position = await append(client, job.key, Number(headers['content-length']), chunk);
    }
  });
}

function connect({ connection, requestTimeout, retries }: Job): OSS {
  const { endpoint, region, bucket, credentials } = connection;
  const options = {
    endpoint,
    bucket,
    ...credentials,
    region: `oss-${region}`,
    authorizationV4: true,
    retryMax: retries,
    timeout: requestTimeout,
  };
  return new OSS(options as OSS.Options);
}

async function append(client: OSS, key: string, position: number, chunk: Buffer): Promise<number> {
  const { nextAppendPosition } = await client.append(key, chunk, { position: String(position) });
  return Number(nextAppendPosition);
}

async function appendEach(job: Job, append: (chunk: Buffer) => Promise<void>): Promise<Claims> {
  const chunks = chunksOf(job);
  const claims: Claim[] = chunks.map(() => 'none');
  for (const [index, chunk] of chunks.entries()) {
    try {
      await append(chunk);
      claims[index] = 'success';
    } catch {
      claims[index] = 'failure';
      break;
    }
  }
  return { claims };
}
