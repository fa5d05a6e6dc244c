import { finished } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { AppendWritable, type AppendWritableOptions } from '../../src/index.js';
import { type Network, SharedStore } from '../helpers/shared-store.js';

const store = new SharedStore();
const direct: Network = async (_, execute) => execute();
const ours = 0;
const theirs = 1;
let keys = 0;

function stranger(key: string) {
  const client = store.clientOf(theirs, direct);
  return {
    append: (text: string) => client.appendObject(key, store.lengthOf(key), Buffer.from(text)),
    seal: () => client.sealAppendObject(key, store.lengthOf(key)),
  };
}

/** A stream that shares its objects, and what others do before its nth append. */
function open(
  others: (stranger_: ReturnType<typeof stranger>) => Record<number, () => Promise<unknown>>,
  options: Partial<AppendWritableOptions> = {},
) {
  const key = `shared-${++keys}.log`;
  const events = others(stranger(key));
  let appends = 0;
  const stream = new AppendWritable({
    client: store.clientOf(ours, async (operation, execute) => {
      if (operation === 'append') await events[++appends]?.();
      return execute();
    }),
    key,
    chunkSize: 20,
    highWaterMark: 100,
    flushInterval: 0,
    recordDelimiter: '\n',
    conflict: 'rebase',
    rollover: { maxSize: 50 },
    ...options,
  });
  return { stream, key, next: key.replace('.log', '.1.log') };
}

describe("rollover by size with conflict 'rebase'", () => {
  test('goes on to the next object where others have filled this one', async () => {
    const { stream, key, next } = open(({ append }) => ({
      2: () => append(`${'x'.repeat(60)}\n`),
    }));
    await stream.append('one\n');

    expect(await stream.append('two\n')).toEqual({ key: next, start: 0, end: 4 });
    expect(store.lengthOf(key)).toBe(65);
    stream.destroy();
  });

  test('keeps the data of append() in one object, however long others have made it', async () => {
    const lines = Array.from({ length: 6 }, (_, index) => `line ${index}\n`).join('');
    const { stream, key } = open(({ append }) => ({ 2: () => append(`${'x'.repeat(60)}\n`) }));

    expect(await stream.append(lines)).toEqual({ key, start: 0, end: 103 });
    expect(String(store.bytesOf(ours, { key }))).toBe(lines);
    stream.end();
    await finished(stream);
  });
});
