import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { NotAppendableError, OssRequestError, OssServiceError } from '../../src/errors.js';
import type { AppendOutcome } from '../../src/index.js';
import { OssClient, type OssClientOptions } from '../../src/oss/oss-client.js';
import { startHostileServer, type Treatment } from './hostile-server.js';

export const operations = ['append', 'head', 'get', 'seal'] as const;
export type Operation = (typeof operations)[number];

/** The result of a request: a success, or the outcome of a typed error. */
export type Verdict = 'success' | AppendOutcome;

/** A treatment, and the result of each operation under it: `verdict` by default. */
export interface Row extends Partial<Record<Operation, Verdict>> {
  readonly scenario: string;
  readonly treatment: Treatment;
  readonly verdict: Verdict;
}

/** Secrets that must not appear in any error, however it is printed. */
export const secrets = {
  accessKeySecret: 'secret-do-not-show-me',
  securityToken: `CAISzwJ1q6Ft5B2yfSjIr5${'dGhpcyBpcyBhIHRva2Vu'.repeat(10)}==`,
};

/** Timeout in milliseconds of a request that must not time out, even on a busy machine. */
export const ample = 5000;

/** Timeout in milliseconds of a request that is meant to time out. */
export const brief = 1000;

const hangTimeout = 2 * ample;

export function createClient(endpoint: string, options: Partial<OssClientOptions> = {}): OssClient {
  const client = new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint,
    credentials: { accessKeyId: 'ak', ...secrets },
    requestTimeout: ample,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** A client, and a server with these treatments. */
export function connect(...treatments: Treatment[]) {
  return connectFor(ample, ...treatments);
}

/** As {@link connect}, with this `requestTimeout`. */
export async function connectFor(requestTimeout: number, ...treatments: Treatment[]) {
  const server = await startHostileServer(...treatments);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { server, client: createClient(server.endpoint, { requestTimeout }) };
}

/** Sends one request: an append has five bytes, and a GET is read to its end. */
export async function perform(operation: Operation, client: OssClient): Promise<unknown> {
  switch (operation) {
    case 'append':
      return client.appendObject('a.log', 0, Buffer.from('hello'));
    case 'head':
      return client.headObject('a.log');
    case 'seal':
      return client.sealAppendObject('a.log', 5);
    case 'get': {
      let byteLength = 0;
      for await (const piece of await client.getObject('a.log')) {
        byteLength += piece.length;
        if (byteLength > 1024 * 1024) break;
      }
      return byteLength;
    }
  }
}

/** Sends one request, and checks that a failure is a valid typed error. */
export async function verdictOf(operation: Operation, client: OssClient): Promise<Verdict> {
  try {
    await settled(perform(operation, client));
    return 'success';
  } catch (error) {
    return checkedOutcome(error);
  }
}

/** Rejects if `promise` does not settle in time: no server may make a request hang. */
export async function settled<T>(promise: Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  const hang = delay(hangTimeout, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error('The request hangs');
  });
  hang.catch(() => {});
  try {
    return await Promise.race([promise, hang]);
  } finally {
    giveUp.abort();
  }
}

/**
 * The outcome of a client's error, which must be of the right class, short, and without secrets.
 */
export function checkedOutcome(error: unknown): AppendOutcome {
  const isTyped =
    error instanceof OssRequestError ||
    error instanceof OssServiceError ||
    error instanceof NotAppendableError;
  if (!isTyped) throw new Error('The error is not one of the client', { cause: error });
  expect(['rejected', 'unknown', 'conflict', 'forbidden', 'fatal']).toContain(error.outcome);
  expect(error.message.length).toBeLessThan(2000);
  expect(error.message).not.toMatch(/\p{Cc}/u);
  const shown = inspect(error, { showHidden: true, depth: 10 });
  expect(shown.length).toBeLessThan(20_000);
  expect(shown).not.toContain(secrets.accessKeySecret);
  expect(shown).not.toContain(secrets.securityToken);
  expect(shown).not.toMatch(/[\da-f]{64}/);
  return error.outcome;
}
