import { memfs } from 'memfs';
import { expect, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { ObjectStore } from '../../src/emulator/objects/object-store.js';
import { contentOf } from '../../src/emulator/storage/content.js';
import { limitDisk } from './small-disk.js';

test('the 10,000th append to an object costs as much as the tenth', async () => {
  const crc64 = await loadCrc64();
  const { fs, used } = limitDisk(memfs().fs);
  const store = await ObjectStore.open(fs, '/store');
  await store.createBucket('b-1');
  const attributes = { headers: {}, storageClass: 'Standard', acl: 'default', tags: [] };
  const line = contentOf([Buffer.alloc(1000, 'x')], crc64);
  let appends = 0;

  /** Returns the disk usage of `count` appends, and their median duration. */
  async function cost(count: number) {
    const before = { ...used };
    const durations: number[] = [];
    for (let index = 0; index < count; index++, appends++) {
      const stamp = { etag: `"${appends}"`, lastModified: 0 };
      const startedAt = performance.now();
      await store.exclusively('b-1', 'k', (object) => object.append(line, stamp, attributes));
      durations.push(performance.now() - startedAt);
    }
    durations.sort((left, right) => left - right);
    return {
      calls: used.calls - before.calls,
      bytesRead: used.bytesRead - before.bytesRead,
      bytesWritten: used.bytesWritten - before.bytesWritten,
      duration: durations[count >> 1] as number,
    };
  }

  await cost(10);
  const early = await cost(90);
  await cost(10_000 - 190);
  const late = await cost(90);

  expect(store.find('b-1', 'k')?.length).toBe(10_000_000);
  expect(late.calls).toBe(early.calls);
  expect(late.bytesRead).toBe(0);
  // The record grows by a few digits.
  expect(late.bytesWritten - early.bytesWritten).toBeLessThan(90 * 20);
  // Reading ten megabytes per append would take far longer.
  expect(late.duration).toBeLessThan(early.duration * 5 + 1);
});
