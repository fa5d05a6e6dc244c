import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  AppendWritable,
  type AppendWritableOptions,
  type ReconcileEvent,
} from '../../src/index.js';
import { type Interference, interfereWith, loseAnswer, loseRequest } from './interference.js';
import { type Store, targets } from './targets.js';

describe.each(targets)('A stream into $name', (target) => {
  let store: Store;
  beforeAll(async () => {
    store = await target.open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  /** A stream of four-byte chunks. */
  function open(key: string, options: Partial<AppendWritableOptions> = {}): AppendWritable {
    const retry = { retries: 3, minTimeout: 0, maxTimeout: 0 };
    const { client } = store;
    const stream = new AppendWritable({ client, key, chunkSize: 4, retry, ...options });
    onTestFinished(() => {
      stream.destroy();
    });
    return stream;
  }

  /** A stream of four-byte chunks with `interference` at its nth append. */
  function openAmid(interference: Interference, key: string, nth = 2): AppendWritable {
    return open(key, { client: interfereWith(store.client, { nth }, interference) });
  }

  function outcomesOf(stream: AppendWritable): ReconcileEvent['outcome'][] {
    const outcomes: ReconcileEvent['outcome'][] = [];
    stream.on('reconcile', ({ outcome }) => outcomes.push(outcome));
    return outcomes;
  }

  async function read(key: string): Promise<string> {
    return String(await store.read(key));
  }

  test('finds its chunk in the object when the answer was lost', async () => {
    const key = store.key();
    const stream = openAmid(loseAnswer, key);
    const outcomes = outcomesOf(stream);

    await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

    expect(await read(key)).toBe('aaaabbbbcccc');
    expect(outcomes).toEqual(['committed']);
  });

  test('sends its chunk again when the request was lost', async () => {
    const key = store.key();
    const stream = openAmid(loseRequest(), key);
    const outcomes = outcomesOf(stream);

    await pipeline(['aaaa', 'bbbb', 'cccc'], stream);

    expect(await read(key)).toBe('aaaabbbbcccc');
    expect(new Set(outcomes)).toEqual(new Set(['not-committed']));
  });

  test('creates its object once when the first answer was lost', async () => {
    const key = store.key();

    await pipeline(['aaaa', 'bbbb'], openAmid(loseAnswer, key, 1));

    expect(await read(key)).toBe('aaaabbbb');
  });

  test('detects a second writer and writes nothing more', async () => {
    const key = store.key();
    const stream = open(key);
    const failed = new Promise((resolve) => stream.once('error', resolve));
    await stream.append('aaaa');
    await store.client.appendObject(key, 4, Buffer.from('xx'));

    const error = await stream.append('bbbb').catch((reason) => reason);

    expect(error).toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      position: 4,
      actualLength: 6,
      bytesWritten: 4,
    });
    expect(await failed).toBe(error);
    expect(await read(key)).toBe('aaaaxx');
    expect(stream.takeUncommitted()).toEqual({
      key,
      position: 4,
      confirmed: true,
      doubtful: 0,
      bytes: Buffer.from('bbbb'),
    });
  });

  test('detects a second writer of as many bytes after a lost request', async () => {
    const key = store.key();
    const stranger = async () => {
      await store.client.appendObject(key, 4, Buffer.from('xxxx'));
    };
    const stream = openAmid(loseRequest(stranger), key);

    await expect(pipeline(['aaaa', 'bbbb', 'cccc'], stream)).rejects.toMatchObject({
      code: 'APPEND_ERR_DIVERGED',
      position: 4,
      actualLength: 8,
      bytesWritten: 4,
    });

    expect(await read(key)).toBe('aaaaxxxx');
    expect(stream.takeUncommitted()).toMatchObject({ position: 4, confirmed: false });
  });

  test('reconciles with appends of no bytes when HEAD is forbidden', async () => {
    const key = store.key();
    // The first append opens the object.
    const client = interfereWith(store.client, { nth: 3 }, loseAnswer);
    const headObject = () =>
      Promise.reject(Object.assign(new Error('HEAD is forbidden'), { outcome: 'forbidden' }));

    await pipeline(['aaaa', 'bbbb', 'cccc'], open(key, { client: { ...client, headObject } }));

    expect(await read(key)).toBe('aaaabbbbcccc');
  });

  test('continues where another stream stopped, with the bytes that it handed back', async () => {
    const key = store.key();
    const first = open(key);
    await first.append('aaaa');
    first.write('bb');
    first.destroy();
    const { position, bytes } = first.takeUncommitted() ?? {};

    await pipeline([bytes, 'cc'], open(key, { position }));

    expect(await read(key)).toBe('aaaabbcc');
  });
});
