import { ChunkDelivery } from '../../../src/append/delivery/chunk-delivery.js';
import type { Commit, DeliveryOptions } from '../../../src/append/delivery/delivery-options.js';
import { FrozenChunk } from '../../../src/append/delivery/frozen-chunk.js';
import { ObjectProbe } from '../../../src/append/object-probe.js';
import { RequestRunner, type RequestRunnerOptions } from '../../../src/append/request-runner.js';
import type { RetryNotice } from '../../../src/append/retry-policy.js';
import { loadCrc64 } from '../../../src/crc64.js';
import { type Behaviour, ScriptedClient } from '../scripted-client.js';

export const crc64 = await loadCrc64();
export const crcOf = (bytes: string | Uint8Array) => crc64(Buffer.from(bytes));
export const creation = { contentType: 'text/plain' };
export const immediately = {
  retries: 2,
  minTimeout: 0,
  maxTimeout: 0,
  factor: 1,
  randomize: false,
};

/** A behaviour for all further calls of one operation, more than a retry budget allows. */
export const always = (behaviour: Behaviour) => Array.from({ length: 20 }, () => behaviour);

export interface Setup extends Partial<DeliveryOptions> {
  /** Content of the object before the chunk; `undefined` if it does not exist. */
  readonly before?: string | Uint8Array | undefined;
  readonly chunk?: string | Uint8Array;
  readonly knowsCrc64?: boolean;
  readonly request?: RequestRunnerOptions['request'];
  readonly onCommit?: (commit: Commit) => void;
}

/** A delivery, by default of `chunk` after `head`, and the log of its listener. */
export function prepare(client: ScriptedClient, setup: Setup = {}) {
  const { chunk: text = 'chunk', knowsCrc64 = true, onCommit = () => {}, ...options } = setup;
  const before = 'before' in setup ? setup.before : 'head';
  const { request = {}, signal = new AbortController().signal } = setup;
  const requests = new RequestRunner({ signal, requestTimeout: 1000, request });
  const log: string[] = [];
  const commits: Commit[] = [];
  const retries: RetryNotice[] = [];
  const chunk = new FrozenChunk(
    {
      key: 'a.log',
      position: before?.length ?? 0,
      crc64: knowsCrc64 ? crcOf(before ?? '') : undefined,
      exists: before !== undefined,
    },
    Buffer.from(text),
    crc64,
  );
  const delivery = new ChunkDelivery(
    chunk,
    {
      client,
      create: creation,
      requests,
      crc64,
      isMovable: false,
      isShared: false,
      sharedSize: Number.POSITIVE_INFINITY,
      retry: immediately,
      verify: 'crc64',
      signal,
      probe: new ObjectProbe(client, requests),
      ...options,
    },
    {
      attempted: () => log.push('attempted'),
      conflicted: () => {},
      sent: () => log.push('sent'),
      retrying: (notice) => {
        retries.push(notice);
        log.push('retrying');
      },
      reconciled: (outcome, position) => log.push(`${outcome} at ${position}`),
      committed: (commit) => {
        commits.push(commit);
        log.push(`committed ${commit.end - commit.start}`);
        onCommit(commit);
      },
    },
  );
  const settled = async () => {
    const error: unknown = await delivery.run().then(
      () => undefined,
      (thrown: unknown) => thrown ?? new Error(`Rejected with ${thrown}`),
    );
    return { error, client, delivery, log, commits, retries, calls: client.calls };
  };
  return { delivery, log, commits, retries, settled };
}

export function deliver(client: ScriptedClient, setup?: Setup) {
  return prepare(client, setup).settled();
}

export function head(): ScriptedClient {
  return new ScriptedClient('head');
}

/** A client whose credentials forbid reading. */
export function writeOnly(contents: string | undefined): ScriptedClient {
  return Object.assign(new ScriptedClient(contents), { refusesReading: true });
}

/** A client of a store that returns no checksum. */
export function silent(contents: string): ScriptedClient {
  return Object.assign(new ScriptedClient(contents), { tellsCrc64: false });
}

export const strangerAppends = (bytes: string) => (client: ScriptedClient) =>
  client.strangerAppends(bytes);
export const seal = (client: ScriptedClient) => {
  if (client.object !== undefined) client.object.sealed = true;
};
export const remove = (client: ScriptedClient) => {
  client.object = undefined;
};

export const append = 'append 4+5';
