import { setTimeout as wait } from 'node:timers/promises';
import { OssClient, OssServiceError } from 'oss-append-stream';
import type { Job } from '../../test/guarantees/fault-matrix/job.js';
import { type Claim, type Claims, chunksOf } from './claims.js';

/** An append file by the length-only rule, whose user stops at the first error. */
export function appendByLength(job: Job): Promise<Claims> {
  return appendEach(job, false);
}

/** The same file; its user drops a record that failed and goes on, as loggers do. */
export function appendByLengthAndGoOn(job: Job): Promise<Claims> {
  return appendEach(job, true);
}

async function appendEach(job: Job, goesOn: boolean): Promise<Claims> {
  const file = new AppendOnlyFile(job);
  const chunks = chunksOf(job);
  const claims: Claim[] = chunks.map(() => 'none');
  for (const [index, chunk] of chunks.entries()) {
    try {
      await file.write(chunk);
      claims[index] = 'success';
    } catch {
      claims[index] = 'failure';
      if (!goesOn) break;
    }
  }
  return { claims };
}

/**
 * The rule of the append files in the official Go and Python SDKs: the SDK retries an append by
 * itself, and when OSS then answers that the position is not the length, the file regards the bytes
 * as written if the object has the expected length.
 *
 * @see https://github.com/aliyun/alibabacloud-oss-go-sdk-v2/blob/master/oss/filelike.go
 */
class AppendOnlyFile {
  readonly #client: OssClient;
  readonly #job: Job;
  #offset = 0;

  constructor(job: Job) {
    this.#client = new OssClient({ ...job.connection, requestTimeout: job.requestTimeout });
    this.#job = job;
  }

  async write(data: Buffer): Promise<void> {
    try {
      this.#offset = await this.#append(data);
    } catch (error) {
      if (codeOf(error) !== 'PositionNotEqualToLength') throw error;
      const state = await this.#client.headObject(this.#job.key);
      if (state?.length !== this.#offset + data.length) throw error;
      this.#offset = state.length;
    }
  }

  async #append(data: Buffer): Promise<number> {
    const { key, retries, backoff } = this.#job;
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#client.appendObject(key, this.#offset, data)).nextPosition;
      } catch (error) {
        const isRetried = codeOf(error) === undefined || statusOf(error) >= 500;
        if (attempt === retries || !isRetried) throw error;
        await wait(backoff);
      }
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof OssServiceError ? error.ossCode : undefined;
}

function statusOf(error: unknown): number {
  return error instanceof OssServiceError ? error.status : 0;
}
