import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { Client } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { OssClient } from '../../src/index.js';
import { builtProgram } from '../helpers/remote.js';
import type { SecureServerAddress, SecureServerData } from './secure-server.js';

const answers = new Int32Array(new SharedArrayBuffer(4));
const content = 'line\n'.repeat(100_000);
let worker: Worker;
let address: SecureServerAddress;
let dispatcher: Client;
let client: OssClient;

beforeAll(async () => {
  const workerData: SecureServerData = { answers, content };
  worker = new Worker(builtProgram('test/oss/secure-server'), { workerData });
  [address] = await once(worker, 'message');
});
afterAll(() => worker.terminate());

beforeEach(() => {
  const { endpoint, certificate: ca } = address;
  // With pipelining, the next request is written at once.
  dispatcher = new Client(endpoint, { connect: { ca }, pipelining: 2 });
  onTestFinished(() => dispatcher.close());
  client = createClient();
});

function createClient(options: { readonly requestTimeout?: number } = {}): OssClient {
  return new OssClient({
    bucket: 'logs',
    region: 'cn-hangzhou',
    endpoint: address.endpoint,
    dispatcher,
    credentials: { accessKeyId: 'ak', accessKeySecret: 'hunter2' },
    ...options,
  });
}

/**
 * Runs `send`, and blocks this thread from when its request has been written until it was answered,
 * for at least `least` milliseconds.
 */
async function whileBusy<T>(send: () => Promise<T>, least = 0): Promise<T> {
  let outcome: string | undefined;
  const wait = () => {
    unsubscribe('undici:request:bodySent', wait);
    const startedAt = performance.now();
    outcome = Atomics.wait(answers, 0, count, 10_000);
    while (performance.now() - startedAt < least);
  };
  const count = Atomics.load(answers, 0);
  subscribe('undici:request:bodySent', wait);
  const result = await send();
  expect(outcome).toMatch(/^(ok|not-equal)$/);
  return result;
}

async function connections(): Promise<number> {
  worker.postMessage('connections');
  const [count] = await once(worker, 'message');
  return count;
}

// A TLS socket reports a completed write one turn later.
describe('an answer that arrives before the TLS socket has reported the request as written', () => {
  test('does not close the connection', async () => {
    await client.headObject('a.log');
    const before = await connections();

    for (let attempt = 0; attempt < 5; attempt++) {
      await whileBusy(() => client.headObject('a.log'));
      await whileBusy(() => client.appendObject('a.log', 0, Buffer.alloc(64 * 1024)));
    }
    expect(await connections()).toBe(before);
  });

  test('does not cut off the next request', async () => {
    await client.headObject('a.log');
    const before = await connections();

    const large = Buffer.alloc(8 * 1024 * 1024);
    await whileBusy(() => {
      const first = client.appendObject('a.log', 0, large.subarray(0, 64 * 1024));
      const second = client.appendObject('b.log', 0, large);
      return Promise.all([first, second]);
    });
    expect(await connections()).toBe(before);
  });

  test('is not cut off itself', async () => {
    await client.headObject('a.log');

    const stream = await whileBusy(() => client.getObject('a.log'));
    expect(String(await buffer(stream))).toBe(content);
  });
});

// After a blocked loop, Node runs timers before I/O.
test('an answer that arrived in time counts although its timeout fires first after a blocked loop', async () => {
  // Connect first: connecting may take longer than the timeout.
  await client.headObject('a.log');
  const before = await connections();

  const impatient = createClient({ requestTimeout: 500 });
  await whileBusy(() => impatient.headObject('a.log'), 600);
  await whileBusy(() => impatient.appendObject('a.log', 0, new Uint8Array()), 600);
  expect(await connections()).toBe(before);
});
