import { expect, onTestFinished } from 'vitest';
import { AppendWritable, type AppendWritableOptions } from '../../src/index.js';
import { closed } from '../helpers/closed.js';
import { ample, secrets, settled } from './hostile-client.js';
import { startHostileServer, type Treatment } from './hostile-server.js';

/** How a stream ended. */
export interface StreamEnd {
  readonly error: (Error & { readonly code?: string }) | undefined;
  readonly isFinished: boolean;
  readonly bytesWritten: number;
  readonly confirmed: boolean | undefined;
}

/** A stream, and a server with these treatments. */
export async function openStream(
  treatments: readonly Treatment[],
  options: Partial<AppendWritableOptions> = {},
) {
  const server = await startHostileServer(...treatments);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const stream = new AppendWritable({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint: server.endpoint,
    key: 'a.log',
    credentials: { accessKeyId: 'ak', ...secrets },
    requestTimeout: ample,
    retry: { retries: 2, minTimeout: 0, maxTimeout: 0 },
    ...options,
  });
  onTestFinished(() => void stream.destroy());
  return { server, stream };
}

/**
 * Writes `data`, ends the stream, and waits until it has finished or failed. Checks that the bytes
 * it reports as committed and those it hands back together are `data`.
 */
export async function endWith(stream: AppendWritable, data: Buffer): Promise<StreamEnd> {
  let error: Error | undefined;
  let isFinished = false;
  stream.on('error', (reason) => {
    error = reason;
  });
  stream.on('finish', () => {
    isFinished = true;
  });
  stream.end(data);
  await settled(closed(stream));

  const { bytesWritten } = stream;
  const rest = stream.takeUncommitted();
  expect(String(rest?.bytes ?? '')).toBe(data.toString('utf8', bytesWritten));
  expect(isFinished).toBe(error === undefined);
  if (isFinished) expect(bytesWritten).toBe(data.length);
  return { error, isFinished, bytesWritten, confirmed: rest?.confirmed };
}
