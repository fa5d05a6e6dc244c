// The emulator in its own process, so that the samples contain only the client's memory.
// `Store.start()` forks this file and sends it calls.

import { OssClient } from 'oss-append-stream';
import { type Fault, startEmulator } from 'oss-append-stream/emulator';
import { Source } from './source.js';
import type { Weather } from './weather.js';

const bucket = 'examplebucket';
const emulator = await startEmulator({ seed: Number(process.argv[2]), buckets: [bucket] });
const { endpoint, region, credentials } = emulator;
const client = new OssClient({ endpoint, region, credentials, bucket });

const calls = {
  connection: () => ({ endpoint, region, credentials, bucket }),

  /** Replaces all faults. The clock must not change while a request is in flight. */
  async setWeather({ faults, isSkewed }: Weather) {
    emulator.faults.clear();
    if (isSkewed) {
      emulator.faults.add({ kind: 'skew', operation: 'head', times: 1 });
      await client.headObject('none');
    }
    for (const fault of faults) emulator.faults.add(fault);
  },

  addFault(fault: Fault) {
    emulator.faults.add(fault);
  },

  /** Compares an object with its source; `next` has the bytes at the first difference. */
  async compare(key: string, number: number) {
    const object = await emulator.read(bucket, key).catch(() => Buffer.alloc(0));
    const matching = new Source(number).matching(object);
    const next = object.subarray(matching, matching + 16).toString('hex');
    return { length: object.byteLength, matching, next };
  },

  /** Deletes objects and clears all faults; no other request may be in flight. */
  async forget(keys: readonly string[]) {
    emulator.faults.clear();
    // OssClient does not delete, but a fault does.
    emulator.faults.add({ kind: 'delete', operation: 'head' });
    for (const key of keys) await client.headObject(key);
    emulator.faults.clear();
    emulator.requests.length = 0;
  },

  requestsOf: (key: string) => emulator.requests.filter((request) => request.key === key),

  /** Requests and faults since the last call. */
  account() {
    const requests = emulator.requests.splice(0);
    const faults: Record<string, number> = {};
    for (const { fault } of requests) if (fault) faults[fault] = (faults[fault] ?? 0) + 1;
    return { requests: requests.length, faults, rss: process.memoryUsage.rss() };
  },
};

export type StoreCalls = typeof calls;

export interface StoreRequest {
  readonly id: number;
  readonly name: keyof StoreCalls;
  readonly values: readonly unknown[];
}

export interface StoreAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly problem?: string;
}

process.on('message', async ({ id, name, values }: StoreRequest) => {
  try {
    const value: unknown = await Reflect.apply(calls[name], undefined, values);
    process.send?.({ id, value } satisfies StoreAnswer);
  } catch (error) {
    process.send?.({ id, problem: String(error) } satisfies StoreAnswer);
  }
});
process.once('disconnect', () => process.exit());
