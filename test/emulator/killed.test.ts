import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { loadCrc64 } from '../../src/crc64.js';
import { OssClient } from '../../src/index.js';
import { startCommand } from '../helpers/command-line.js';

/** Starts an emulator in its own process, and a client for it. */
async function startOn(dir: string) {
  const child = startCommand(['emulate', '--json', '--dir', dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line');
  const { endpoint, region, ...credentials } = JSON.parse(line);
  const client = new OssClient({ bucket: 'examplebucket', endpoint, region, credentials });
  return { child, client };
}

test('an emulator killed during an append keeps all confirmed bytes and no partial append', async () => {
  const crc64 = await loadCrc64();
  const dir = await mkdtemp(join(tmpdir(), 'emulator-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => `${index}\n`).join(''));
  let confirmed = 0;

  for (let round = 0; round < 4; round++) {
    const { child, client } = await startOn(dir);
    const found = await client.headObject('k');
    const length = found?.length ?? 0;
    // An append whose answer was lost may be stored as a whole, or not at all.
    expect(length).toBeGreaterThanOrEqual(confirmed);
    expect(length % 300_000).toBe(0);
    const content = found ? await buffer(await client.getObject('k')) : Buffer.alloc(0);
    expect(content.equals(sent.subarray(0, length))).toBe(true);
    expect(found?.crc64 ?? 0n).toBe(crc64(content));
    confirmed = length;

    // Kill it during one of the next appends, at a different time in each round.
    const killed = once(child, 'close');
    const appending = (async () => {
      for (;;) {
        const chunk = sent.subarray(confirmed, confirmed + 300_000);
        const { nextPosition } = await client.appendObject('k', confirmed, chunk, { create: {} });
        confirmed = nextPosition;
        if (confirmed >= length + 600_000) setTimeout(() => child.kill('SIGKILL'), round * 2);
      }
    })();
    await expect(appending).rejects.toThrow();
    await killed;
    await client.close();
  }

  expect(confirmed).toBeGreaterThanOrEqual(4 * 600_000);
});
