import { once } from 'node:events';
import { createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { type Fault, startEmulator } from '../../src/emulator/index.js';
import { openStream } from '../helpers/open-stream.js';

const bucket = 'examplebucket';

describe('when retries are exhausted', () => {
  const append = { operation: 'append', nth: 2, times: 99 } as const;
  const rows: { scenario: string; faults: Fault[]; code: string; inObject: boolean }[] = [
    {
      scenario: 'with every request lost on the way',
      faults: [{ ...append, kind: 'drop-request' }],
      code: 'APPEND_ERR_UNCONFIRMED',
      inObject: false,
    },
    {
      scenario: 'with the answer and every HEAD lost',
      faults: [
        { ...append, kind: 'drop-answer' },
        { kind: 'drop-request', operation: 'head', nth: 2, times: 99 },
      ],
      code: 'APPEND_ERR_UNCONFIRMED',
      inObject: true,
    },
    {
      scenario: 'with 500 after storing, and every HEAD lost',
      faults: [
        { ...append, kind: 'error-500-after' },
        { kind: 'drop-request', operation: 'head', nth: 2, times: 99 },
      ],
      code: 'APPEND_ERR_UNCONFIRMED',
      inObject: true,
    },
    {
      scenario: 'with 500 and nothing stored',
      faults: [{ ...append, kind: 'error-500' }],
      code: 'APPEND_ERR_RETRIES_EXHAUSTED',
      inObject: false,
    },
    {
      scenario: 'with 503',
      faults: [{ ...append, kind: 'error-503' }],
      code: 'APPEND_ERR_RETRIES_EXHAUSTED',
      inObject: false,
    },
  ];

  test.each(rows)(
    '$scenario: $code, and the prefix is intact',
    async ({ faults, code, inObject }) => {
      await using emulator = await startEmulator();
      for (const fault of faults) emulator.faults.add(fault);
      const stream = openStream(emulator, 'a.log', {
        chunkSize: 4,
        retry: { retries: 2, minTimeout: 0, maxTimeout: 0 },
      });

      const error = await pipeline(['aaaa', 'bbbb', 'cccc'], stream).catch((reason) => reason);

      expect(error).toMatchObject({ code, key: 'a.log', position: 4, bytesWritten: 4 });
      expect(String(await emulator.read(bucket, 'a.log'))).toBe(inObject ? 'aaaabbbb' : 'aaaa');
      expect(stream.takeUncommitted()).toEqual({
        key: 'a.log',
        position: 4,
        bytes: Buffer.from('bbbbcccc'),
        confirmed: code === 'APPEND_ERR_RETRIES_EXHAUSTED',
        doubtful: code === 'APPEND_ERR_RETRIES_EXHAUSTED' ? 0 : 4,
      });
    },
  );
});

test('500 after storing on the last attempt is reconciled before the stream gives up', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'error-500-after', operation: 'append', nth: 1 });
  const stream = openStream(emulator, 'a.log', { retry: { retries: 0 } });

  await pipeline(['aaaa'], stream);

  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaa');
});

test('an unreachable server exhausts the retries with position undefined', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await using emulator = await startEmulator();
  const port = typeof address === 'object' ? address?.port : undefined;
  // Not the emulator, so its guard against unexplained retries does not apply.
  const stream = openStream(emulator, 'a.log', {
    endpoint: `http://127.0.0.1:${port}`,
    retry: { retries: 2, minTimeout: 0 },
  });
  stream.removeAllListeners('retry');

  const error = await pipeline(['aaaa'], stream).catch((reason) => reason);

  expect(error).toMatchObject({
    code: 'APPEND_ERR_RETRIES_EXHAUSTED',
    key: 'a.log',
    position: undefined,
    attempts: 3,
    bytesWritten: 0,
  });
  expect(stream.takeUncommitted()).toMatchObject({ position: undefined, confirmed: true });
});

test('access revoked after a lost request ends the stream as unconfirmed', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'drop-request', operation: 'append', nth: 2 });
  emulator.faults.add({ kind: 'forbid', operation: 'append', nth: 3 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  const error = await pipeline(['aaaa', 'bbbb'], stream).catch((reason) => reason);

  expect(error).toMatchObject({
    code: 'APPEND_ERR_UNCONFIRMED',
    position: 4,
    cause: { code: 'APPEND_ERR_SERVICE', ossCode: 'AccessDenied' },
  });
});

test('a wrong checksum in the answer ends the stream after an accepted append', async () => {
  await using emulator = await startEmulator();
  emulator.faults.add({ kind: 'wrong-crc', operation: 'append', nth: 2 });
  const stream = openStream(emulator, 'a.log', { chunkSize: 4 });

  const error = await pipeline(['aaaa', 'bbbb', 'cccc'], stream).catch((reason) => reason);

  expect(error).toMatchObject({ code: 'APPEND_ERR_CHECKSUM', bytesWritten: 4 });
  expect(String(await emulator.read(bucket, 'a.log'))).toBe('aaaabbbb');
  expect(stream.takeUncommitted()).toMatchObject({ position: 4, confirmed: false });
});

test.each([
  { scenario: 'a missing bucket', options: { bucket: 'no-such-bucket' }, ossCode: 'NoSuchBucket' },
  {
    scenario: 'a wrong secret',
    options: { credentials: { accessKeyId: 'emulator', accessKeySecret: 'wrong' } },
    ossCode: 'SignatureDoesNotMatch',
  },
])('$scenario fails at once, without a retry', async ({ options, ossCode }) => {
  await using emulator = await startEmulator();
  const stream = openStream(emulator, 'a.log', options);

  await expect(pipeline(['aaaa'], stream)).rejects.toMatchObject({
    code: 'APPEND_ERR_SERVICE',
    ossCode,
  });
  expect(stream.stats.retries).toBe(0);
});
