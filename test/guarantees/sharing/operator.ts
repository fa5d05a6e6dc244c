import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import OSS from 'ali-oss';
import { OssClient } from 'oss-append-stream';
import type { Connection } from '../fault-matrix/job.js';
import type { Stage } from '../fault-matrix/stage.js';
import { operatorByte } from './sharing-judge.js';

/** What an operator may do to an object that others append to. */
export const operatorActs = [
  'empty',
  'delete',
  'shorten',
  'replace by one of the same length',
  'replace by a longer one',
  'replace by a Normal object',
  'seal',
  'fill',
] as const;

export type OperatorAct = (typeof operatorActs)[number];

/** Whether lines that were acknowledged are lost with it. */
export function losesLines(act: OperatorAct): boolean {
  return act !== 'seal' && act !== 'fill';
}

/** Code of the error that ends a writer without rollover, if the act ends it. */
export function endingOf(act: OperatorAct): string | undefined {
  if (act === 'fill') return 'APPEND_ERR_OBJECT_FULL';
  const isLast = act === 'seal' || act === 'replace by a Normal object';
  return isLast ? 'APPEND_ERR_NOT_APPENDABLE' : undefined;
}

/** Does it by the means that OSS offers; resolves when it is done. */
export async function interfere(stage: Stage, key: string, act: OperatorAct): Promise<void> {
  if (act === 'fill') return stage.restart((dir) => fillObject(dir, key));
  const connection = stage.directConnection;
  const client = new OssClient(connection);
  try {
    if (act === 'seal') return await sealAtItsEnd(client, key);
    const sdk = aliOss(connection);
    const before = (await patiently(() => stage.read(key))) as Buffer;
    if (act === 'replace by a Normal object') {
      await sdk.put(key, Buffer.alloc(before.length, operatorByte));
      return;
    }
    await sdk.delete(key);
    const bytes = contentAfter(act, before);
    // A writer may have created it again meanwhile.
    if (bytes !== undefined) {
      await patiently(() => client.appendObject(key, 0, bytes).catch(ignoreConflict));
    }
  } finally {
    await client.close();
  }
}

/** Content of the object that is to be in its place, if one is. */
function contentAfter(act: OperatorAct, before: Buffer): Buffer | undefined {
  switch (act) {
    case 'empty':
      return Buffer.alloc(0);
    case 'shorten':
      // At the end of a line.
      return before.subarray(0, before.indexOf('\n', before.length / 2) + 1);
    case 'replace by one of the same length':
      return Buffer.alloc(before.length, operatorByte);
    case 'replace by a longer one':
      return Buffer.alloc(before.length + 1000, operatorByte);
    default:
      return undefined;
  }
}

/** Does what the faults of the writers may meet too until it succeeds. */
export async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

async function sealAtItsEnd(client: OssClient, key: string): Promise<void> {
  for (;;) {
    const { length = 0 } = (await patiently(() => client.headObject(key))) ?? {};
    try {
      return await client.sealAppendObject(key, length);
    } catch (error) {
      ignoreConflict(error as Error); // Another writer was faster.
    }
  }
}

function ignoreConflict(error: Error): void {
  if (Reflect.get(error, 'ossCode') !== 'PositionNotEqualToLength') throw error;
}

/** Length of an object that is all but full: no room for a line. */
const fullLength = 5 * 2 ** 30 - 10;
const segmentSize = 4 * 2 ** 20;

/**
 * Lets an object in the folder of a server that is not running be all but full: with a hole behind its
 * bytes, because 5 GiB take long to send.
 */
async function fillObject(dir: string, key: string): Promise<void> {
  const names = await readdir(dir, { recursive: true });
  for (const name of names.filter((it) => it.endsWith('object.json'))) {
    const path = join(dir, name);
    const record = JSON.parse(await readFile(path, 'utf8'));
    if (record.key !== key) continue;
    for (let start = 0; start < fullLength; start += segmentSize) {
      const index = String(start / segmentSize).padStart(6, '0');
      const segment = join(path, '..', `${record.dataName}.${index}`);
      if (start >= record.length) await writeFile(segment, '');
      await truncate(segment, Math.min(segmentSize, fullLength - start));
    }
    return writeFile(path, JSON.stringify({ ...record, length: fullLength }));
  }
  throw new Error(`There is no object "${key}" in ${dir}`);
}

function aliOss({ endpoint, bucket, region, credentials }: Connection): OSS {
  const options = { endpoint, bucket, region: `oss-${region}`, ...credentials };
  return new OSS({ ...options, authorizationV4: true } as OSS.Options);
}
