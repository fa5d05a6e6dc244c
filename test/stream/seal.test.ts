import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { AppendWritable } from '../../src/index.js';
import { failure, ScriptedClient } from '../append/scripted-client.js';
import { send } from '../emulator/signed-request.js';
import { connectionTo, openStream } from '../helpers/open-stream.js';

describe('seal', () => {
  test('seals the object after the last commit, and tells so before finish', async () => {
    await using emulator = await startEmulator();
    const stream = openStream(emulator, 'a.log', { seal: true, chunkSize: 4, highWaterMark: 16 });
    const events: string[] = [];
    for (const event of ['commit', 'seal', 'finish', 'close']) {
      stream.on(event as 'close', () => events.push(event));
    }
    const sealed = once(stream, 'seal');
    stream.end('six by');
    await finished(stream);

    expect(await sealed).toEqual([{ key: 'a.log', position: 6, error: undefined }]);
    expect(stream.stats.lastFailure).toBeUndefined();
    expect(events).toEqual(['commit', 'commit', 'seal', 'finish', 'close']);
    const { headers } = await send(emulator, { method: 'HEAD', key: 'a.log' });
    expect(headers['x-oss-sealed-time']).toBeDefined();
  });

  test('has no failure left when a seal succeeded at the second attempt', async () => {
    const client = new ScriptedClient();
    const apply = client.sealAppendObject.bind(client);
    let calls = 0;
    client.sealAppendObject = async (...args) => {
      if (++calls === 1) throw failure.rejected();
      return apply(...args);
    };
    const stream = new AppendWritable({ client, key: 'a', seal: true, retry: { minTimeout: 0 } });
    stream.end('bytes');
    await finished(stream);

    expect(stream.stats).toMatchObject({ retries: 1, lastFailure: undefined });
  });

  test('hands everything back when a client destroys the stream as it is asked to seal', async () => {
    const client = new ScriptedClient();
    const stream = new AppendWritable({
      client,
      ...{ key: 'a', seal: true, rollover: { maxSize: 4 }, chunkSize: 4, flushInterval: 0 },
    });
    client.sealAppendObject = async () => {
      stream.destroy();
    };
    await new Promise((resolve) => stream.write('full', resolve));
    stream.cork();
    stream.write('more');
    stream.write('rest');
    stream.uncork();
    await once(stream, 'close');

    expect(stream.errored).toBeNull();
    expect(String(stream.takeUncommitted()?.bytes)).toBe('morerest');
  });

  test('seals an object that was created empty, or only opened', async () => {
    await using emulator = await startEmulator();
    const empty = openStream(emulator, 'empty', { seal: true });
    empty.end();
    await finished(empty);
    const first = openStream(emulator, 'old');
    first.end('old');
    await finished(first);
    const second = openStream(emulator, 'old', { seal: true });
    second.end();
    await finished(second);

    for (const key of ['empty', 'old']) {
      const { headers } = await send(emulator, { method: 'HEAD', key });
      expect(headers['x-oss-sealed-time'], key).toBeDefined();
    }
  });

  test('finishes all the same, with the reason in the event, where the bucket forbids seals', async () => {
    await using emulator = await startEmulator();
    emulator.faults.add({ kind: 'forbid', operation: 'seal' });
    const stream = openStream(emulator, 'a.log', { seal: true });
    const sealed = once(stream, 'seal');
    stream.end('bytes');
    await finished(stream);

    const [{ error }] = await sealed;
    expect(error).toMatchObject({ code: 'APPEND_ERR_SERVICE', status: 403 });
    expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('bytes');
  });

  test('does not seal what was not ended', async () => {
    const client = new ScriptedClient('head');
    const stream = new AppendWritable({ client, key: 'a', seal: true });
    await stream.append('more');
    stream.destroy();
    await once(stream, 'close');

    expect((await client.headObject('a'))?.sealed).toBe(false);
  });

  test('says nothing more when it is destroyed while it seals', async () => {
    const client = new ScriptedClient();
    const sealing = new Promise<void>((resolve) => {
      client.sealAppendObject = (_key, _position, { signal } = {}) => {
        resolve();
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
        });
      };
    });
    const stream = new AppendWritable({ client, key: 'a', seal: true });
    const events: string[] = [];
    for (const event of ['seal', 'finish']) stream.on(event as 'finish', () => events.push(event));
    stream.end('bytes');
    await sealing;
    expect(inspect(stream)).toContain("status: 'sealing'");
    stream.destroy();
    await once(stream, 'close');

    expect(events).toEqual([]);
    expect(stream.takeUncommitted()).toBeUndefined();
    expect(stream.bytesWritten).toBe(5);
  });

  test.each([
    ['no boolean', { seal: 'yes' }, "'seal' must be a boolean"],
    [
      'a client that cannot seal',
      { seal: true, client: { appendObject() {} } },
      "'seal' needs a client",
    ],
  ])('is refused with %s', async (_, options, message) => {
    await using emulator = await startEmulator();
    const connection = 'client' in options ? {} : connectionTo(emulator);

    expect(() => new AppendWritable({ ...connection, key: 'a', ...options } as never)).toThrow(
      message,
    );
  });
});
