import { memfs } from 'memfs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { append, element, send } from './signed-request.js';
import { limitDisk } from './small-disk.js';

async function startOnSmallDisk() {
  const disk = limitDisk(memfs().fs, 100_000);
  const emulator = await startEmulator({ fs: disk.fs });
  onTestFinished(() => emulator.close());
  return { disk, emulator };
}

describe('on a full disk', () => {
  // The disk fills up in the bytes, or in the record that is written after them.
  test.each([0, 1, 4000, 5000, 5100, 5200])(
    'an append fails and changes nothing if only %d bytes are left',
    async (room) => {
      const { disk, emulator } = await startOnSmallDisk();
      await append(emulator, 'k', 0, 'before ');
      disk.room = room;

      const refused = await append(emulator, 'k', 7, Buffer.alloc(5000, 'x'));

      expect(refused.status).toBe(500);
      expect(element(refused, 'Code')).toBe('InternalError');
      const { headers } = await send(emulator, { method: 'HEAD', key: 'k' });
      expect(headers['x-oss-next-append-position']).toBe('7');
      expect(String(await emulator.read('examplebucket', 'k'))).toBe('before ');

      disk.room = 100_000;
      expect(await append(emulator, 'k', 7, 'and after')).toMatchObject({ status: 200 });
      expect(String(await emulator.read('examplebucket', 'k'))).toBe('before and after');
    },
  );

  test('an object that does not fit is not created', async () => {
    const { disk, emulator } = await startOnSmallDisk();
    disk.room = 1000;

    expect(await append(emulator, 'k', 0, Buffer.alloc(5000))).toMatchObject({ status: 500 });

    expect(await send(emulator, { method: 'HEAD', key: 'k' })).toMatchObject({ status: 404 });
    disk.room = 100_000;
    expect(await append(emulator, 'k', 0, 'fits')).toMatchObject({ status: 200 });
  });

  test('existing objects survive a restart', async () => {
    const disk = limitDisk(memfs().fs, 100_000);
    const first = await startEmulator({ fs: disk.fs });
    await append(first, 'k', 0, 'before ');
    disk.room = 2000;
    await append(first, 'k', 7, Buffer.alloc(5000, 'x'));
    await first.close();
    disk.room = 100_000;

    const emulator = await startEmulator({ fs: disk.fs });
    onTestFinished(() => emulator.close());

    expect(await append(emulator, 'k', 7, 'and after')).toMatchObject({ status: 200 });
    expect(String(await emulator.read('examplebucket', 'k'))).toBe('before and after');
  });
});
