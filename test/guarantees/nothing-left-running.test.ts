import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { runProgram } from '../helpers/run-program.js';

// Connections are kept for 20 seconds and runProgram() waits for 10, so one that is not closed or
// unreferenced fails the test.
describe('the process ends by itself', () => {
  test.each([
    { scenario: 'after end()', code: "stream.end('aaaa');", appended: 'aaaa' },
    { scenario: 'after destroy() while opening', code: 'stream.destroy();', appended: '' },
    {
      scenario: 'after destroy() while appending',
      code: "stream.write('aaaa'); void stream.flush().catch(() => {}); stream.once('ready', () => setImmediate(() => stream.destroy()));",
      appended: undefined,
    },
    {
      scenario: 'with a stream that was written to and forgotten, once its bytes are committed',
      code: "stream.write('aaaa');",
      appended: 'aaaa',
    },
    { scenario: 'with a stream that was only opened', code: '', appended: '' },
    {
      scenario: 'with a reader at its end',
      code: `stream.end('aaaa', async () => {
        for await (const bytes of new AppendReadable({ ...connection, key: 'a.log' })) console.log(bytes);
      });`,
      appended: 'aaaa',
    },
    {
      scenario: 'with a reader that was destroyed while it waited',
      code: `stream.end('aaaa', async () => {
        const reader = new AppendReadable({ ...connection, key: 'a.log', follow: true });
        reader.once('data', () => setTimeout(() => reader.destroy(), 100));
      });`,
      appended: 'aaaa',
    },
    {
      scenario: 'with a reader that is paused while it follows',
      code: `stream.end('aaaa', async () => {
        const reader = new AppendReadable({ ...connection, key: 'a.log', follow: true });
        reader.once('data', () => reader.pause());
      });`,
      appended: 'aaaa',
    },
    {
      scenario: 'with a client that was used and not closed',
      code: "stream.destroy(); console.log(await new OssClient(connection).headObject('b.log'));",
      appended: '',
    },
  ])('$scenario', async ({ code, appended }) => {
    await using emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator;
    const connection = { endpoint, region, credentials, bucket: 'examplebucket' };

    await runProgram(`
      import { AppendReadable, AppendWritable, OssClient } from 'oss-append-stream';
      const connection = ${JSON.stringify(connection)};
      const stream = new AppendWritable({ ...connection, key: 'a.log', flushInterval: 50 });
      ${code}
    `);

    if (appended === undefined) return;
    const object = await emulator.read('examplebucket', 'a.log').catch(() => '');
    expect(String(object)).toBe(appended);
  });
});

test('credentials, region and endpoint come from the environment', async () => {
  await using emulator = await startEmulator();
  const { accessKeyId, accessKeySecret } = emulator.credentials;

  await runProgram(
    `
      import { AppendWritable } from 'oss-append-stream';
      new AppendWritable({ bucket: 'examplebucket', key: 'a.log' }).end('aaaa');
    `,
    {
      OSS_ENDPOINT: emulator.endpoint,
      OSS_REGION: emulator.region,
      OSS_ACCESS_KEY_ID: accessKeyId,
      OSS_ACCESS_KEY_SECRET: accessKeySecret,
    },
  );

  expect(String(await emulator.read('examplebucket', 'a.log'))).toBe('aaaa');
});

test('without credentials the stream names the missing variables and sends no request', async () => {
  await using emulator = await startEmulator();
  const none = { OSS_ACCESS_KEY_ID: '', OSS_ACCESS_KEY_SECRET: '', OSS_SESSION_TOKEN: '' };

  const { stdout } = await runProgram(
    `
      import { AppendWritable } from 'oss-append-stream';
      const { OSS_ENDPOINT: endpoint } = process.env;
      const stream = new AppendWritable({ endpoint, region: 'cn-hangzhou', bucket: 'examplebucket', key: 'a.log' });
      stream.on('error', (error) => console.log(error.code, error.message));
      stream.write('aaaa');
    `,
    { ...none, OSS_ENDPOINT: emulator.endpoint, ALIBABA_CLOUD_ACCESS_KEY_ID: '' },
  );

  expect(stdout).toMatch(/^APPEND_ERR_CREDENTIALS .*OSS_ACCESS_KEY_ID/);
  expect(emulator.requests).toEqual([]);
});
