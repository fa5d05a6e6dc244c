import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { NotAppendableError, OssRequestError, OssServiceError } from '../../src/errors.js';
import type { AppendOutcome } from '../../src/index.js';
import { OssClient, type OssClientOptions } from '../../src/oss/oss-client.js';
import { startHostileServer, type Treatment } from './hostile-server.js';

export const operations = ['append', 'head', 'get', 'seal'] as const;
export type Operation = (typeof operations)[number];

/** What became of a request: a success, or the outcome of a typed error. */
export type Verdict = 'success' | AppendOutcome;

/** A treatment, and what becomes of each operation under it: `verdict`, if nothing else is said. */
export interface Row extends Partial<Record<Operation, Verdict>> {
  readonly scenario: string;
  readonly treatment: Treatment;
  readonly verdict: Verdict;
}

/** What no error may show, however it is printed. */
export const secrets = {
  accessKeySecret: 'secret-do-not-show-me',
  securityToken: `CAISzwJ1q6Ft5B2yfSjIr5${'dGhpcyBpcyBhIHRva2Vu'.repeat(10)}==`,
};

/** Milliseconds a request has that is not meant to run out of them, on a busy machine either. */
export const ample = 5000;

/** Milliseconds a request has that is. */
export const brief = 1000;

const patience = 2 * ample;

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

/** A client, and the server that treats its requests like this. */
export function connect(...treatments: Treatment[]) {
  return connectFor(ample, ...treatments);
}

/** As {@link connect}, with this many milliseconds for each request. */
export async function connectFor(requestTimeout: number, ...treatments: Treatment[]) {
  const server = await startHostileServer(...treatments);
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { server, client: createClient(server.endpoint, { requestTimeout }) };
}

/** Sends one request: an append is one of five bytes, and a GET counts what came. */
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

/** Sends one request, and checks of whatever fails that it failed as it may. */
export async function verdictOf(operation: Operation, client: OssClient): Promise<Verdict> {
  try {
    await settled(perform(operation, client));
    return 'success';
  } catch (error) {
    return checkedOutcome(error);
  }
}

/** Rejects when `promise` does not settle: nothing that a server does may hang a request. */
export async function settled<T>(promise: Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  const hang = delay(patience, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error('The request hangs');
  });
  hang.catch(() => {});
  try {
    return await Promise.race([promise, hang]);
  } finally {
    giveUp.abort();
  }
}

/** The outcome of an error of the client, which is of the right class, short, and shows no secret. */
export function checkedOutcome(error: unknown): AppendOutcome {
  const isTyped =
    error instanceof OssRequestError ||
    error instanceof OssServiceError ||
    error instanceof NotAppendableError;
  if (!isTyped) throw new Error('The error is none of the client', { cause: error });
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
